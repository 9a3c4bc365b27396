// The page of the benchmark of propagation: measures in, lines out. It runs nothing.

import type { Measure } from '../../../bench/measure.ts';
import { median } from '../../../bench/statistics.ts';

/** By contestant, one for each round. */
export type Measures = ReadonlyMap<string, readonly Measure[]>;

const BARE = 'bare';
const ONE = 'agent, one service';
const STABLE = 'agent, several: stable';
const LANE = 'agent, several: a lane';

const LANE_LIMIT_MICROS = 5;
const STABLE_LIMIT_MICROS = 2;
const LOSS_LIMIT = 0.03;

export function table(measures: Measures): readonly string[] {
  return [
    '| | CPU a request, µs | above bare | above one service | requests/s | against bare |',
    '|---|---|---|---|---|---|',
    ...[...measures].map(([name, list]) => `| ${name} | ${median(list.map(({ cpuMicrosPerRequest }) => cpuMicrosPerRequest)).toFixed(1)} | ${above(measures, name, BARE).toFixed(1)} | ${above(measures, name, ONE).toFixed(1)} | ${Math.round(median(list.map(rateOf)))} | ${(change(measures, name) * 100).toFixed(1)} % |`),
  ];
}

/** `calling`: an outgoing call a request; `koa`: none. */
export function reached(calling: Measures = new Map(), koa: Measures = new Map()): readonly string[] {
  const lines: readonly (readonly [what: string, got: number, limit: number, shown: (value: number) => string])[] = [
    ['a tagged request with one outgoing call costs above one service', above(calling, LANE, ONE), LANE_LIMIT_MICROS, micros],
    ['a stable stamp costs above one service', above(calling, STABLE, ONE), STABLE_LIMIT_MICROS, micros],
    ['throughput of the Koa example without the agent is lost by the agent with one service', -change(koa, ONE), LOSS_LIMIT, percent],
    ['and with several, in a lane', -change(koa, LANE), LOSS_LIMIT, percent],
  ];
  return lines.map(([what, got, limit, shown]) => `- ${got <= limit ? '✓' : '✗'} ${what}: ${shown(got)}, at most ${shown(limit)}.`);
}

/** CPU of one above another, in microseconds. Taken inside a round, so that a slow minute is in both. */
function above(measures: Measures, name: string, base: string): number {
  const of = measures.get(base) ?? [];
  return median((measures.get(name) ?? []).map(({ cpuMicrosPerRequest }, round) => cpuMicrosPerRequest - (of[round]?.cpuMicrosPerRequest ?? 0)));
}

/** Of the rate, against the bare app: -0.03 is a loss of 3 %. */
function change(measures: Measures, name: string): number {
  const bare = measures.get(BARE) ?? [];
  return median((measures.get(name) ?? []).map((measure, round) => rateOf(measure) / rateOf(bare[round] ?? measure) - 1));
}

function rateOf({ requests, seconds }: Measure): number {
  return requests / seconds;
}

function micros(value: number): string {
  return `${value.toFixed(1)} µs`;
}

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}
