// `npm run bench`: server CPU per request, throughput and latency of graylane, the bare app and the proxies in front; see docs/benchmarks.md.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../conformance/live/random.ts';
import { ensureDebian, findProgram } from '../tools/system.ts';
import type { Contestant } from './contestants.ts';
import { contestants, REFERENCE } from './contestants.ts';
import { shareCores } from './cores.ts';
import { checkEcho } from './echo-check.ts';
import { report, writeInto } from './report.ts';
import type { Measure } from './rounds.ts';
import { runRounds } from './rounds.ts';
import type { Server } from './server.ts';

const here = import.meta.dirname;
const page = join(here, '../docs/benchmarks.md');

/** Load per core from which on the figures of different contestants are not hurt alike. */
const BUSY_SHARE = 0.5;

/** Before this process is kept to some of them. */
const parallelism = availableParallelism();

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '3' },
    /** Seconds until V8 has compiled what is hot in both versions. */
    warmup: { type: 'string', default: '20' },
    lead: { type: 'string', default: '2' },
    connections: { type: 'string', default: '32' },
    /** Half of the cores: the other half is wrk's. */
    workers: { type: 'string', default: String(Math.max(1, parallelism >> 1)) },
    seed: { type: 'string', default: '1' },
    /** Names of contestants, by their beginnings: `--only bare,graylane`. */
    only: { type: 'string' },
    /** Print only; docs/benchmarks.md stays as it is. */
    print: { type: 'boolean', default: false },
  },
});

const chosen = contestants.filter(({ name }) => values.only === undefined || values.only.split(',').some((start) => name.startsWith(start)));
const cores = shareCores();
requirePrograms(['wrk', ...new Set(chosen.flatMap(({ programs }) => programs))]);
installRivals();

const otherWork = loadavg()[0] ?? 0;
if (otherWork > parallelism * BUSY_SHARE) console.error(`The load average is ${otherWork.toFixed(1)}: beside other work, several processes look dearer than one. Measure on a quiet machine.`);

const folder = mkdtempSync(join(tmpdir(), 'glb-'));
const servers = new Map<string, Server>();
const seed = Number(values.seed);
// Ctrl-C must not leave servers behind.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cleanUp().finally(() => process.exit(1)));
try {
  for (const contestant of chosen) servers.set(contestant.name, await startChecked(contestant));
  const measures = await runRounds({
    wrk: [...cores.loadPrefix, findProgram('wrk') ?? 'wrk'],
    servers,
    reference: REFERENCE,
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    warmupSeconds: Number(values.warmup),
    leadSeconds: Number(values.lead),
    connections: Number(values.connections),
    random: new Random(seed),
    onMeasure: (name, round, measure) => console.error(progress(name, round, measure)),
  });
  const random = new Random(seed);
  const text = report(conditions(), measures, () => random.below(1_000_000) / 1_000_000);
  if (!values.print) writeInto(page, text);
  console.log(text);
} finally {
  await cleanUp();
}

async function cleanUp(): Promise<void> {
  await Promise.all([...servers.values()].map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
}

async function startChecked(contestant: Contestant): Promise<Server> {
  // A Unix socket's path must be short, so the folders have numbers.
  const own = join(folder, String(servers.size));
  mkdirSync(own);
  const server = await contestant.start({ folder: own, workers: Number(values.workers) });
  try {
    await checkEcho(server.port, contestant.percent, seed);
    return server;
  } catch (error) {
    await server.stop();
    throw new Error(`${contestant.name} fails the check before the measurement: ${String(error)}`, { cause: error });
  }
}

function requirePrograms(programs: readonly string[]): void {
  const presence = ensureDebian(programs);
  if (presence.kind === 'present') return;
  console.error(`The benchmark cannot run: ${presence.why}`);
  process.exit(1);
}

/** Rivals have a lock file of their own and are no part of the product's dependencies. */
function installRivals(): void {
  if (existsSync(join(here, 'node_modules/undici'))) return;
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--workspaces=false'], { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('npm ci in bench/ failed: the rivals are not installed');
}

function progress(name: string, round: number, measure: Measure): string {
  const rate = Math.round(measure.requests / measure.seconds);
  return `${String(round).padStart(2)}  ${name.padEnd(22)} ${measure.cpuMicrosPerRequest.toFixed(1).padStart(6)} µs  ${String(rate).padStart(7)}/s  p99 ${measure.p99Ms.toFixed(2)} ms`;
}

function conditions(): Parameters<typeof report>[0] {
  const output = (program: string, flag: string): string => {
    const { stdout, stderr } = spawnSync(findProgram(program) ?? program, [flag], { encoding: 'utf8' });
    return /\d+\.\d+(\.\d+)?/.exec(stdout + stderr)?.[0] ?? 'unknown';
  };
  const pinned = (JSON.parse(readFileSync(join(here, 'package.json'), 'utf8')) as { dependencies: Record<string, string> }).dependencies;
  const rivalVersions = Object.entries(pinned).map(([name, version]) => `${name} ${version}`);
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${parallelism} cores ${cpus()[0]?.model.trim() ?? ''}, Linux ${release()}`,
    versions: [`Node ${process.versions.node}`, `nginx ${output('nginx', '-v')}`, `HAProxy ${output('haproxy', '-v')}`, ...rivalVersions].join(', '),
    load: `${values.rounds} interleaved rounds of ${values.seconds} s, each behind ${values.lead} s of the same load, after ${values.warmup} s of warm-up, with ${values.connections} connections, ${values.workers} stable worker(s); medians; ratios to the bare app just before and just after. ${cores.text[0]?.toUpperCase()}${cores.text.slice(1)}. Load average before the start: ${otherWork.toFixed(1)}.`,
  };
}
