// `npm run bench:rules`: what a decision, a compilation and an analysis cost, beside other engines in the same run.
// CPU time, interleaved rounds, medians; writes docs/routing-benchmark.md.

import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import type { RequestFields } from '@graylane/rules';
import { analyse, compile, loadRouter, parseStrategy } from '@graylane/rules';
import type { Decide } from './rules-rivals.ts';
import { exactReleases, jsonRulesEngine, linearScan, unleash } from './rules-rivals.ts';
import { seeded } from '../tools/seeded.ts';
import { requests, strategy, usualStrategy } from './rules-strategies.ts';

const SEED = 20261122;
const ROUNDS = 7;
/** Per round and contestant; slow engines get through fewer requests. */
const ROUND_MS = 60;
const short = process.argv.includes('--short');

const rivals = fileURLToPath(new URL('./rules-rivals/', import.meta.url));
if (!existsSync(`${rivals}node_modules`)) execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: rivals, stdio: 'inherit' });

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that are really held. */
function heapUsed(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function timed<T>(work: () => T): { readonly ms: number; readonly value: T } {
  const start = cpuMs();
  const value = work();
  return { ms: cpuMs() - start, value };
}

/** Microseconds of CPU per decision. */
async function round(decide: Decide, list: readonly RequestFields[]): Promise<number> {
  const start = cpuMs();
  let done = 0;
  while (cpuMs() - start < ROUND_MS) {
    for (let i = 0; i < 32; i++) {
      const answer = decide(list[(done + i) % list.length] ?? { method: 'GET', target: '/', rawHeaders: [] });
      if (answer instanceof Promise) await answer;
    }
    done += 32;
  }
  return (cpuMs() - start) * 1_000 / done;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

interface Prepared { readonly rows: readonly string[]; readonly contestants: readonly { readonly name: string; readonly decide: Decide }[]; readonly list: readonly RequestFields[]; readonly close: () => void }

async function prepare(count: number): Promise<Prepared> {
  const before = heapUsed();
  const parsed = timed(() => parseStrategy(strategy(count)));
  if (!parsed.value.ok) throw new Error(parsed.value.errors[0]?.problem);
  const good = parsed.value.strategy;
  const compiled = timed(() => compile(good));
  const text = JSON.stringify(compiled.value);
  const loaded = timed(() => loadRouter(JSON.parse(text) as typeof compiled.value, { generation: 1, random: seeded(SEED) }));
  const heap = (heapUsed() - before) / 2 ** 20;
  const analysed = count > 1_000 && short ? null : timed(() => analyse(good));
  // As a server has it that has analysed before: its code is compiled by then.
  const again = analysed === null ? null : timed(() => analyse(good)).ms;
  const releases = exactReleases(strategy(count));
  // An engine that takes milliseconds per decision says nothing more at 10,000.
  const others = count > 1_000 ? null : { engine: jsonRulesEngine(releases), unleash: await unleash(releases) };
  const router = loaded.value;
  return {
    rows: [`| ${count} | ${parsed.ms.toFixed(0)} | ${compiled.ms.toFixed(0)} | ${(text.length / 1_000).toFixed(0)} kB | ${loaded.ms.toFixed(0)} | ${heap.toFixed(0)} MB | ${analysed === null ? '-' : analysed.ms.toFixed(0)} | ${again === null ? '-' : again.toFixed(0)} | ${analysed === null ? '-' : analysed.value.length} |`],
    contestants: [
      { name: 'graylane', decide: (request) => router.decide(request).lane },
      { name: 'linear scan', decide: linearScan(releases) },
      ...(others === null ? [] : [{ name: 'json-rules-engine', decide: others.engine }, { name: 'unleash-client', decide: others.unleash.decide }]),
    ],
    list: requests(64, count, 0.1),
    close: () => others?.unleash.close(),
  };
}

/** All must agree before anybody is measured. */
async function checkAnswers(count: number, { contestants, list }: Prepared): Promise<void> {
  const exact = new Set(exactReleases(strategy(count)).map(({ name }) => name));
  for (const request of list) {
    const answers = await Promise.all(contestants.map(async ({ decide }) => decide(request)));
    const [own = null] = answers;
    // Only graylane knows the other kinds of releases, and draws for shares.
    if (own !== null && exact.has(own) && answers.some((answer) => answer !== own)) throw new Error(`answers differ: ${answers.join(', ')}`);
  }
}

/** What a strategy of three releases (a cookie, a header, a share of users) costs every request of a service, most of which go to stable. */
async function usual(): Promise<readonly string[]> {
  const list = requests(64, 10, 0);
  const rows: string[] = [];
  for (const percent of [0, 5]) {
    const parsed = parseStrategy(usualStrategy(percent));
    if (!parsed.ok) throw new Error(parsed.errors[0]?.problem);
    const router = loadRouter(compile(parsed.strategy), { generation: 1, random: seeded(SEED) });
    const decide: Decide = (request) => router.decide(request).lane;
    await round(decide, list);
    const times: number[] = [];
    for (let i = 0; i < ROUNDS; i++) times.push(await round(decide, list));
    rows.push(`| a cookie rule, a header rule, ${percent} % of users | ${(median(times) * 1_000).toFixed(0)} |`);
  }
  return rows;
}

async function main(): Promise<void> {
  const everyday = await usual();
  const sizes = [10, 1_000, 10_000];
  const figures: string[] = [];
  const costs: string[] = [];
  const own: number[] = [];
  for (const count of sizes) {
    const prepared = await prepare(count);
    await checkAnswers(count, prepared);
    const times = new Map<string, number[]>(prepared.contestants.map(({ name }) => [name, []]));
    // The first round is for the compiler.
    for (const { decide } of prepared.contestants) await round(decide, prepared.list);
    for (let i = 0; i < ROUNDS; i++) for (const { name, decide } of prepared.contestants) times.get(name)?.push(await round(decide, prepared.list));
    prepared.close();
    costs.push(...prepared.rows);
    own.push(median(times.get('graylane') ?? []));
    figures.push(...[...times].map(([name, list]) => `| ${count} | ${name} | ${median(list).toFixed(2)} | ${(median(list) / (own.at(-1) ?? 1)).toFixed(1)} |`));
  }
  const report = [
    '# What routing costs', '', `Written by \`npm run bench:rules\`: Node ${process.version}, seed ${SEED}, CPU time of the process with its collector, medians of ${ROUNDS} interleaved rounds. Requests have 20 headers and 10 cookies; one in ten belongs to a release.`,
    'The other engines hold only those releases that they can express (a tenant in some regions), so they have less to do.', '',
    `Ratio of a decision at ${sizes.at(-1) ?? 0} releases to one at ${sizes[0] ?? 0}: **${((own.at(-1) ?? 0) / (own[0] ?? 1)).toFixed(2)}**.`, '',
    '| usual strategy | ns per decision |', '|---|---:|', ...everyday, '',
    '| releases | engine | µs per decision | × graylane |', '|---:|---|---:|---:|', ...figures, '',
    '| releases | parse ms | compile ms | snapshot | load ms | heap | analyse ms | again | findings |', '|---:|---:|---:|---:|---:|---:|---:|---:|---:|', ...costs, '',
  ].join('\n');
  process.stdout.write(report);
  if (!short) writeFileSync(new URL('../docs/routing-benchmark.md', import.meta.url), report);
}

await main();
