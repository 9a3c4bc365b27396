// The measures as a table for people, and its place in docs/benchmarks.md. It measures nothing.

import { readFileSync, writeFileSync } from 'node:fs';
import { REFERENCE } from './contestants.ts';
import type { Measure } from './measure.ts';
import type { Pair } from './pairs.ts';
import { median, ratioOfPairs } from './statistics.ts';

export interface Conditions {
  readonly date: string;
  readonly machine: string;
  readonly versions: string;
  readonly load: string;
}

/** Markdown; each ratio is that of a contestant to the bare app in the same pair. */
export function report(conditions: Conditions, contestants: ReadonlyMap<string, readonly Pair[]>, random: () => number): string {
  const bare = [...contestants.values()].flatMap((pairs) => pairs.map(({ reference }) => reference));
  const rows = [rowOf(REFERENCE, bare, '1.00', '–'), ...[...contestants].map(([name, pairs]) => {
    const micros = (side: keyof Pair): readonly number[] => pairs.map((pair) => pair[side].cpuMicrosPerRequest);
    const ratio = ratioOfPairs(micros('own'), micros('reference'), random);
    return rowOf(name, pairs.map(({ own }) => own), ratio.median.toFixed(2), ratio.upper95.toFixed(2));
  })];
  const head = ['', 'CPU µs a request', 'ratio to bare', 'its upper 95 % bound', 'requests/s', 'p50 ms', 'p99 ms'];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    `${conditions.date} · ${conditions.machine} · ${conditions.versions}`,
    '',
    conditions.load,
    '',
    line(head),
    line(head.map((_, column) => (column === 0 ? '---' : '---:'))),
    ...rows.map(line),
  ].join('\n');
}

function rowOf(name: string, runs: readonly Measure[], ratio: string, bound: string): readonly string[] {
  const middle = (of: (run: Measure) => number): number => median(runs.map(of));
  return [
    name,
    middle((run) => run.cpuMicrosPerRequest).toFixed(1),
    ratio,
    bound,
    Math.round(middle((run) => run.requests / run.seconds)).toLocaleString('en-US'),
    middle((run) => run.p50Ms).toFixed(2),
    middle((run) => run.p99Ms).toFixed(2),
  ];
}

/** Replaces what stands between the two marks that the page has for this program. */
export function writeInto(file: string, text: string, program = 'bench/main.ts'): void {
  const [begin, end] = [`<!-- written by ${program}: begin -->`, `<!-- written by ${program}: end -->`];
  const page = readFileSync(file, 'utf8');
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from === -1 || to < from) throw new Error(`${file} has no place for results: it needs the lines ${begin} and ${end}`);
  writeFileSync(file, `${page.slice(0, from + begin.length)}\n${text}\n${page.slice(to)}`);
}
