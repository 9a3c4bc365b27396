// Reported numbers instead of requests: a value for each arm and minute, or latencies in histograms, past the judges that take them.

import { createVerdict, observe } from '@graylane/verdict';
import type { Guardrail, Observation, State } from '@graylane/verdict';
import { isHigh } from './peers/kayenta.ts';
import type { Reach } from './reach.ts';
import type { Random } from './random.ts';
import { seeded } from './random.ts';
import type { Tally } from './runs.ts';

/** `reach` is what the first judge has to reach. */
export interface SeriesQuestion {
  readonly scenario: SeriesScenario;
  readonly of: 'latency' | 'value';
  readonly runs: number;
  readonly reach: Reach | null;
}

export interface SeriesScenario {
  readonly name: string;
  readonly minutes: number;
  /** Treated level to control's. */
  readonly ratio: number;
  /** How much of a deviation is left a minute later, in each arm by itself: 0 for independent minutes. */
  readonly memory: number;
  /** Deviation of the logarithm that both arms share, moving with 0.9 a minute. */
  readonly shared: number;
}

/** A judge of two series; the minute of the stop, or null. */
export interface SeriesJudge {
  readonly name: string;
  stop(treated: Float64Array, control: Float64Array): number | null;
}

/** The deviation of one minute's value, relative to its level. */
const DEVIATION = 0.1;
const SHARED_MEMORY = 0.9;

export function metricJudge(margin: number): SeriesJudge {
  const start = createVerdict({ guardrails: [{ kind: 'metric', name: 'value', worse: 'higher', margin: { ratio: margin } }] });
  return {
    name: `metric, α 1 %, margin ${100 * margin} %`,
    stop: (treated, control) => {
      let state = start;
      for (const [minute, value] of treated.entries()) {
        state = observe(state, { at: minute, share: 0.05, treated: { units: 0, value: { value } }, control: { units: 0, value: { value: control[minute] ?? 0 } } });
        if (isStopped(state)) return minute + 1;
      }
      return null;
    },
  };
}

export function kayentaJudge(windowMinutes: number): SeriesJudge {
  return { name: `Kayenta, one analysis of ${windowMinutes} min`, stop: (treated, control) => (isHigh(treated.slice(0, windowMinutes), control.slice(0, windowMinutes)) ? windowMinutes : null) };
}

/** The tally of each judge over all runs. */
export function simulateSeries(scenario: SeriesScenario, judges: readonly SeriesJudge[], runs: number, seed: number): readonly Tally[] {
  const random = seeded(seed);
  const stops: number[][] = judges.map(() => []);
  for (let run = 0; run < runs; run += 1) {
    const shared = wander(random, scenario.minutes, SHARED_MEMORY, scenario.shared).map((log) => Math.exp(log));
    const control = wander(random, scenario.minutes, scenario.memory, DEVIATION).map((own, minute) => 100 * (shared[minute] ?? 1) * (1 + own));
    const treated = wander(random, scenario.minutes, scenario.memory, DEVIATION).map((own, minute) => 100 * scenario.ratio * (shared[minute] ?? 1) * (1 + own));
    for (const [index, judge] of judges.entries()) {
      const stop = judge.stop(treated, control);
      if (stop !== null) stops[index]?.push(stop);
    }
  }
  return judges.map((judge, index) => stopsOnly(judge.name, runs, stops[index] ?? []));
}

const EDGE_RATIO = 1.05;
const EDGES: readonly number[] = Array.from({ length: 110 }, (_, index) => 10 * EDGE_RATIO ** index);
const P95: Guardrail = { kind: 'quantile', name: 'p95', quantile: 0.95, edges: EDGES };
const TREATED_RPM = 50;
const CONTROL_RPM = 950;

/** The quantile guardrail on log-normal latencies (median 50 ms), looked at each minute. */
export function simulateLatency(scenario: SeriesScenario, runs: number, seed: number): Tally {
  const random = seeded(seed);
  const start = createVerdict({ guardrails: [P95] });
  const stops: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const shared = wander(random, scenario.minutes, SHARED_MEMORY, scenario.shared);
    let state = start;
    for (const [minute, log] of shared.entries()) {
      const arm = (rpm: number, ratio: number): Observation['treated'] => ({ units: 0, histogram: { p95: latencies(random, random.poisson(rpm), log + Math.log(50 * ratio)) } });
      state = observe(state, { at: minute, share: 0.05, treated: arm(TREATED_RPM, scenario.ratio), control: arm(CONTROL_RPM, 1) });
      if (!isStopped(state)) continue;
      stops.push(minute + 1);
      break;
    }
  }
  return stopsOnly('95th percentile, α 1 %, margin 25 %', runs, stops);
}

function stopsOnly(judge: string, runs: number, stops: readonly number[]): Tally {
  return { judge, runs, stopped: stops.length, passed: 0, stopMinutes: stops.toSorted((one, other) => one - other), passMinutes: [] };
}

function latencies(random: Random, count: number, logMedian: number): number[] {
  const buckets = Array.from({ length: EDGES.length + 1 }, () => 0);
  for (let request = 0; request < count; request += 1) {
    const position = (logMedian + 0.6 * random.normal() - Math.log(10)) / Math.log(EDGE_RATIO);
    const bucket = Math.max(0, Math.min(EDGES.length, Math.ceil(position)));
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  return buckets;
}

/** AR(1) around 0 with this stationary deviation. */
function wander(random: Random, minutes: number, memory: number, deviation: number): Float64Array {
  const values = new Float64Array(minutes);
  let value = deviation * random.normal();
  for (let minute = 0; minute < minutes; minute += 1) {
    values[minute] = value;
    value = memory * value + Math.sqrt(1 - memory * memory) * deviation * random.normal();
  }
  return values;
}

function isStopped(state: State): boolean {
  return state.watches.some((watch) => watch.crossed !== null);
}
