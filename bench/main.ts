// `npm run bench`: server CPU per request, throughput and latency of graylane and of the proxies in front, each beside the bare app; see docs/benchmarks.md.

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
import type { Pair } from './pairs.ts';
import { runPairs } from './pairs.ts';
import type { Server } from './server.ts';

const here = import.meta.dirname;
const page = join(here, '../docs/benchmarks.md');

/** Load per core from which on the figures of different contestants are not hurt alike. */
const BUSY_SHARE = 0.5;

/** Before this process is kept to some of them. */
const parallelism = availableParallelism();

const { values } = parseArgs({
  options: {
    /** Turns of each contestant and of the bare app beside it. */
    rounds: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '2' },
    /** Seconds until V8 has compiled what is hot in both versions. */
    warmup: { type: 'string', default: '20' },
    connections: { type: 'string', default: '32' },
    /** Half of the cores: the other half is wrk's. */
    workers: { type: 'string', default: String(Math.max(1, parallelism >> 1)) },
    seed: { type: 'string', default: '1' },
    /** Names of contestants, by their beginnings: `--only graylane,nginx`; the bare app is always there. */
    only: { type: 'string' },
    /** Print only; docs/benchmarks.md stays as it is. */
    print: { type: 'boolean', default: false },
  },
});

const reference = contestants.find(({ name }) => name === REFERENCE);
if (reference === undefined) throw new Error(`no contestant is called ${REFERENCE}`);
const chosen = contestants.filter((one) => one !== reference && (values.only === undefined || values.only.split(',').some((start) => one.name.startsWith(start))));
const cores = shareCores();
requirePrograms(['wrk', ...new Set(chosen.flatMap(({ programs }) => programs))]);
installRivals();

const otherWork = loadavg()[0] ?? 0;
if (otherWork > parallelism * BUSY_SHARE) console.error(`The load average is ${otherWork.toFixed(1)}: beside other work, several processes look dearer than one. Measure on a quiet machine.`);

const folder = mkdtempSync(join(tmpdir(), 'glb-'));
const running = new Set<Server>();
let started = 0;
const seed = Number(values.seed);
// Ctrl-C must not leave servers behind.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void cleanUp().finally(() => process.exit(1)));
try {
  const bare = await startChecked(reference);
  const contests = new Map<string, readonly Pair[]>();
  for (const contestant of chosen) {
    const { name } = contestant;
    const server = await startChecked(contestant);
    contests.set(name, await runPairs({
      wrk: [...cores.loadPrefix, findProgram('wrk') ?? 'wrk'],
      name, server,
      reference: bare,
      pairs: Number(values.rounds),
      seconds: Number(values.seconds),
      warmupSeconds: Number(values.warmup),
      connections: Number(values.connections),
      onPair: (pair) => console.error(progress(name, pair)),
    }));
    running.delete(server);
    await server.stop();
  }
  const random = new Random(seed);
  const text = report(conditions(), contests, () => random.below(1_000_000) / 1_000_000);
  if (!values.print) writeInto(page, text);
  console.log(text);
} finally {
  await cleanUp();
}

async function cleanUp(): Promise<void> {
  await Promise.all([...running].map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
}

async function startChecked(contestant: Contestant): Promise<Server> {
  // A Unix socket's path must be short, so the folders have numbers.
  const own = join(folder, String(started++));
  mkdirSync(own);
  const server = await contestant.start({ folder: own, workers: Number(values.workers) });
  try {
    await checkEcho(server.port, contestant.percent, seed);
    running.add(server);
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

function progress(name: string, { own, reference: beside }: Pair): string {
  const rate = Math.round(own.requests / own.seconds);
  return `${name.padEnd(22)} ${own.cpuMicrosPerRequest.toFixed(1).padStart(6)} µs beside ${beside.cpuMicrosPerRequest.toFixed(1)} µs bare  ${String(rate).padStart(7)}/s  p99 ${own.p99Ms.toFixed(2)} ms`;
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
    load: `${values.rounds} pairs of ${values.seconds} s each for every contestant, in turns with the bare app, after ${values.warmup} s of warm-up, with ${values.connections} connections, ${values.workers} stable worker(s); medians. ${cores.text[0]?.toUpperCase()}${cores.text.slice(1)}. Load average before the start: ${otherWork.toFixed(1)}.`,
  };
}
