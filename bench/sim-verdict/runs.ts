// Many runs of one scenario past several judges.

import type { Judge, Outcome } from './judge.ts';
import { seeded } from './random.ts';
import { generate, trafficFor } from './traffic.ts';
import type { Scenario } from './traffic.ts';

/** The outcomes of one judge over all runs. */
export interface Tally {
  readonly judge: string;
  readonly runs: number;
  readonly stopped: number;
  readonly passed: number;
  /** Minutes at which runs were stopped, ascending. */
  readonly stopMinutes: readonly number[];
  /** The same of those that passed. */
  readonly passMinutes: readonly number[];
}

export function simulate(scenario: Scenario, judges: readonly Judge[], runs: number, seed: number): readonly Tally[] {
  const random = seeded(seed);
  const traffic = trafficFor(scenario);
  const outcomes: Outcome[][] = judges.map(() => []);
  for (let run = 0; run < runs; run += 1) {
    generate(scenario, random, traffic);
    for (const [index, judge] of judges.entries()) outcomes[index]?.push(judge.judge(traffic));
  }
  return judges.map((judge, index) => tally(judge.name, outcomes[index] ?? []));
}

function tally(judge: string, outcomes: readonly Outcome[]): Tally {
  const minutesOf = (kind: 'stopped' | 'passed'): readonly number[] => outcomes.flatMap((outcome) => (outcome.kind === kind ? [outcome.minute] : [])).sort((one, other) => one - other);
  const stopMinutes = minutesOf('stopped');
  const passMinutes = minutesOf('passed');
  return { judge, runs: outcomes.length, stopped: stopMinutes.length, passed: passMinutes.length, stopMinutes, passMinutes };
}

/** Over all runs, also those that were not stopped: null when fewer than this share of them were. */
export function quantileMinutes(tally: Tally, quantile: number): number | null {
  return tally.stopMinutes[Math.ceil(quantile * tally.runs) - 1] ?? null;
}

/** Two-sided 95 % interval of a share (Wilson 1927), so that a table shows how exact it is. */
export function shareInterval(count: number, runs: number): readonly [number, number] {
  const z = 1.96;
  const share = count / runs;
  const middle = (share + z ** 2 / (2 * runs)) / (1 + z ** 2 / runs);
  const half = (z * Math.sqrt((share * (1 - share)) / runs + z ** 2 / (4 * runs ** 2))) / (1 + z ** 2 / runs);
  return [Math.max(0, middle - half), middle + half];
}
