// `node conformance/http/overload/main.ts [seconds]`: tells the story on every plane and writes docs/overload.md's figures and plots.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { svg } from './plot.ts';
import { quantile, tell } from './story.ts';
import type { Story } from './story.ts';

const CLIENTS = 400;
const DOCS = join(import.meta.dirname, '../../../docs');
const COLORS = { 'in-process': '#1a7f37', gateway: '#0969da', tutorial: '#cf222e' } as const;
/** Dots in a plot: enough to see the shape. */
const DOTS = 400;

const seconds = Number(process.argv[2] ?? 40);
const stories: Story[] = [];
for (const plane of ['tutorial', 'gateway', 'in-process'] as const) {
  stories.push(await tell(plane, CLIENTS, seconds * 1_000));
  console.log(row(stories.at(-1)!));
}

writeFileSync(join(DOCS, 'overload/memory.svg'), svg({
  title: `Memory above idle, ${CLIENTS} clients before a handler of 1 s`, x: 'seconds', y: 'MB above idle', yMax: 50,
  series: stories.map(({ plane, memory }) => ({ name: plane, color: COLORS[plane], style: 'line', points: memory.map(({ at, rss }) => [at / 1_000, Math.max(0, rss - memory[0]!.rss) / 1e6]) })),
}));
writeFileSync(join(DOCS, 'overload/latency.svg'), svg({
  title: 'Answers: when asked, and how long they took', x: 'seconds', y: 'ms', yMax: 4_000,
  series: stories.filter(({ plane }) => plane !== 'tutorial').flatMap(({ plane, samples }) => [
    { name: `200, ${plane}`, color: COLORS[plane], style: 'dots', points: thin(samples.filter(({ status }) => status === 200)) },
    { name: `503, ${plane}`, color: plane === 'gateway' ? '#80ccff' : '#aceebb', style: 'dots', points: thin(samples.filter(({ status }) => status === 503)) },
  ]),
}));
const page = join(DOCS, 'overload.md');
const table = ['| plane | 200 | p99 of them, ms | 503 | median of them, ms | gave up after 10 s | memory above idle, MB | visitor after the crowd, ms |', '|---|---|---|---|---|---|---|---|', ...stories.map(row)].join('\n');
writeFileSync(page, readFileSync(page, 'utf8').replace(/<!-- figures -->[^]*<!-- end of figures -->/, `<!-- figures -->\n${table}\n\n${CLIENTS} clients, ${seconds} s, Node ${process.version}.\n<!-- end of figures -->`));

function row({ plane, samples, timeouts, memory, afterMs }: Story): string {
  const of = (status: number): number[] => samples.filter((sample) => sample.status === status).map(({ ms }) => ms);
  const above = (Math.max(...memory.map(({ rss }) => rss)) - memory[0]!.rss) / 1e6;
  const number = (value: number): string => (Number.isFinite(value) ? String(Math.round(value)) : '–');
  return `| ${plane} | ${of(200).length} | ${number(quantile(of(200), 0.99))} | ${of(503).length} | ${number(quantile(of(503), 0.5))} | ${timeouts} | ${above.toFixed(1)} | ${Number.isFinite(afterMs) ? Math.round(afterMs) : 'gave up'} |`;
}

function thin(samples: readonly { readonly at: number; readonly ms: number }[]): (readonly [number, number])[] {
  const step = Math.max(1, Math.floor(samples.length / DOTS));
  return samples.filter((_, i) => i % step === 0).map(({ at, ms }) => [at / 1_000, ms] as const);
}
