// The page of the benchmark of propagation: measures in, lines out. It runs nothing.

import type { Measure } from '../../../bench/measure.ts';
import { median } from '../../../bench/statistics.ts';
import type { Computed } from './computed.ts';

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

/** What each computes, and the spread of the difference: a quarter of the rounds was below, a quarter above. */
export function computedTable(computed: Computed): readonly string[] {
  return [
    '| | computed a request, µs | above one service | quarters |',
    '|---|---|---|---|',
    ...[...computed].map(([name, list]) => {
      const differences = differencesOf(list, computed.get(ONE)).toSorted((a, b) => a - b);
      const quarter = (part: number): string => (differences[Math.floor((differences.length - 1) * part)] ?? NaN).toFixed(1);
      return `| ${name} | ${median(list).toFixed(1)} | ${median(differences).toFixed(1)} | ${quarter(0.25)} to ${quarter(0.75)} |`;
    }),
  ];
}

/** `computed`: with an outgoing call a request; `koa`: over sockets, without one. */
export function reached(computed: Computed = new Map(), koa: Measures = new Map()): readonly string[] {
  const above = (name: string): number => median(differencesOf(computed.get(name) ?? [], computed.get(ONE)));
  const lines: readonly (readonly [what: string, got: number, limit: number, shown: (value: number) => string])[] = [
    ['a tagged request with one outgoing call costs above one service', above(LANE), LANE_LIMIT_MICROS, micros],
    ['a stable stamp costs above one service', above(STABLE), STABLE_LIMIT_MICROS, micros],
    ['throughput of the Koa example without the agent is lost by the agent with one service', -change(koa, ONE), LOSS_LIMIT, percent],
    ['and with several, in a lane', -change(koa, LANE), LOSS_LIMIT, percent],
  ];
  return lines.map(([what, got, limit, shown]) => `- ${got <= limit ? '✓' : '✗'} ${what}: ${shown(got)}, at most ${shown(limit)}.`);
}

/** CPU of one above another, in microseconds. Taken inside a round, so that a slow minute is in both. */
function above(measures: Measures, name: string, base: string): number {
  return median(differencesOf(microsOf(measures.get(name)), microsOf(measures.get(base))));
}

function microsOf(measures: readonly Measure[] = []): readonly number[] {
  return measures.map(({ cpuMicrosPerRequest }) => cpuMicrosPerRequest);
}

function differencesOf(values: readonly number[], base: readonly number[] = []): readonly number[] {
  return values.map((value, round) => value - (base[round] ?? NaN));
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
