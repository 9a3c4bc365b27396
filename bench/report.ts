// The measures as a table for people, and its place in docs/benchmarks.md. It measures nothing.

import { readFileSync, writeFileSync } from 'node:fs';
import type { Measure } from './rounds.ts';
import { REFERENCE } from './contestants.ts';
import { median, ratioOfPairs } from './statistics.ts';

export interface Conditions {
  readonly date: string;
  readonly machine: string;
  readonly versions: string;
  readonly load: string;
}

/** Markdown; ratios are to the bare app just before and just after. */
export function report(conditions: Conditions, measures: ReadonlyMap<string, readonly Measure[]>, random: () => number): string {
  const rows = [...measures].map(([name, runs]) => {
    const cpu = runs.map((run) => run.cpuMicrosPerRequest);
    const references = runs.flatMap(({ referenceMicros }) => referenceMicros ?? []);
    const ratio = references.length === runs.length ? ratioOfPairs(cpu, references, random) : null;
    const middle = (of: (run: Measure) => number): number => median(runs.map(of));
    return [
      name,
      middle((run) => run.cpuMicrosPerRequest).toFixed(1),
      ratio === null ? (name === REFERENCE ? '1.00' : '–') : ratio.median.toFixed(2),
      ratio === null ? '–' : ratio.upper95.toFixed(2),
      Math.round(middle((run) => run.requests / run.seconds)).toLocaleString('en-US'),
      middle((run) => run.p50Ms).toFixed(2),
      middle((run) => run.p99Ms).toFixed(2),
    ];
  });
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

/** Replaces what stands between the two marks that the page has for this program. */
export function writeInto(file: string, text: string, program = 'bench/main.ts'): void {
  const [begin, end] = [`<!-- written by ${program}: begin -->`, `<!-- written by ${program}: end -->`];
  const page = readFileSync(file, 'utf8');
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from === -1 || to < from) throw new Error(`${file} has no place for results: it needs the lines ${begin} and ${end}`);
  writeFileSync(file, `${page.slice(0, from + begin.length)}\n${text}\n${page.slice(to)}`);
}
