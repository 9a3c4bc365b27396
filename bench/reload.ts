// `npm run bench:reload`: what clients notice of a rolling reload, graylane's and pm2's, in turns on one machine.
// Options: --rounds N (default 20) · --print (docs/benchmarks.md stays as it is).

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Load, type Manner, type Tally } from '../conformance/chaos/client.ts';
import { managers, type Managed } from './reload/managers.ts';
import { writeInto } from './report.ts';

const here = join(import.meta.dirname, 'reload');
const MANNERS: readonly Manner[] = ['keep-alive', 'keep-alive', 'keep-alive', 'keep-alive', 'new-connection', 'new-connection', 'new-connection', 'new-connection', 'slow-upload', 'slow-upload'];
/** Answers before and after each reload, so that what it leaves behind is seen too. */
const ANSWERS_AROUND = 300;

interface Seen { reloads: number; answers: number; readonly failed: Map<Manner, number>; readonly quietMs: number[]; readonly reloadMs: number[] }

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' }, print: { type: 'boolean', default: false } } });
installRival();
const running = new Map<string, Managed>();
const seen = new Map<string, Seen>();
try {
  for (const { name, start } of managers) {
    running.set(name, await start());
    seen.set(name, { reloads: 0, answers: 0, failed: new Map(), quietMs: [], reloadMs: [] });
  }
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [name, managed] of round % 2 === 0 ? running : [...running].reverse()) {
      const one = seen.get(name);
      if (one !== undefined) await measure(managed, one);
    }
  }
} finally {
  await Promise.all([...running.values()].map((managed) => managed.stop()));
}
const text = table();
if (!values.print) writeInto(join(import.meta.dirname, '../docs/benchmarks.md'), text, 'bench/reload.ts');
console.log(text);

async function measure({ port, reload }: Managed, one: Seen): Promise<void> {
  const quiet = await under(port, () => Promise.resolve());
  one.quietMs.push(...[...quiet.latenciesMs.values()].flat());
  const tally = await under(port, reload);
  one.reloads += 1;
  one.answers += tally.answers;
  one.reloadMs.push(...[...tally.latenciesMs.values()].flat());
  for (const { manner } of tally.failures) one.failed.set(manner, (one.failed.get(manner) ?? 0) + 1);
}

async function under(port: number, act: () => Promise<void>): Promise<Tally> {
  const load = new Load({ port, manners: MANNERS, pauseMs: 1 });
  await load.more(ANSWERS_AROUND);
  await act();
  await load.more(ANSWERS_AROUND);
  return load.stop();
}

function table(): string {
  const rows = [...seen].map(([name, one]) => {
    const failed = (manner: Manner): string => String(one.failed.get(manner) ?? 0);
    const [quiet, reloading] = [p99(one.quietMs), p99(one.reloadMs)];
    return [name, String(one.reloads), one.answers.toLocaleString('en-US'), failed('keep-alive'), failed('new-connection'), failed('slow-upload'), quiet.toFixed(1), reloading.toFixed(1), (reloading / quiet).toFixed(2)];
  });
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const { dependencies } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
  return [
    `Node ${process.versions.node}, pm2 ${dependencies['pm2'] ?? ''} in cluster mode, two workers each, ${MANNERS.length} clients that count every request.`,
    '',
    line(['', 'reloads', 'answers meanwhile', 'failed: keep-alive', 'new connections', 'slow uploads', 'p99 ms quiet', 'p99 ms reloading', 'ratio']),
    line(['---', ...Array.from({ length: 8 }, () => '---:')]),
    ...rows.map(line),
  ].join('\n');
}

function p99(latencies: readonly number[]): number {
  const sorted = [...latencies].sort((a, b) => a - b);
  return sorted[Math.floor(0.99 * (sorted.length - 1))] ?? 0;
}

function installRival(): void {
  if (existsSync(join(here, 'node_modules/pm2'))) return;
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--workspaces=false'], { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('npm ci in bench/reload/ failed: pm2 is not installed');
}
