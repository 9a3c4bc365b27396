// `npm run bench:context`: what propagation costs a request, in server CPU and in throughput, beside OpenTelemetry's automatic
// instrumentation in the same interleaved rounds. ROUNDS, SECONDS and WARMUP say how long, COMPUTED how many rounds in memory;
// needs wrk and Linux.

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { runRounds } from '../../../bench/rounds.ts';
import { startServer, type Server } from '../../../bench/server.ts';
import { build } from '../../../tools/build.ts';
import { ensureDebian, findProgram } from '../../../tools/system.ts';
import { Random } from '../../live/random.ts';
import { computedBy, type Computed } from './computed.ts';
import { start, type Contestant } from './contestants.ts';
import { computedTable, reached, table, type Measures } from './report.ts';

const rounds = Number(process.env['ROUNDS'] ?? 8);
const seconds = Number(process.env['SECONDS'] ?? 4);
const warmupSeconds = Number(process.env['WARMUP'] ?? 4);
const computedRounds = Number(process.env['COMPUTED'] ?? 60);
const CONNECTIONS = 32;
const SEED = 1;

const here = import.meta.dirname;
const root = join(here, '../../..');

interface Workload {
  readonly title: string;
  readonly app: string;
  readonly contestants: readonly Contestant[];
}

const CALLERS: readonly Contestant[] = ['bare', 'agent, one service', 'agent, several: stable', 'agent, several: a lane', 'agent, several: a lane, 100,000 users', 'OpenTelemetry'];
const inMemory: Workload = { title: 'What the process computes, with one outgoing call', app: join(here, 'apps/in-memory.cjs'), contestants: CALLERS };
const calling: Workload = { title: 'One outgoing call a request (`node:http`, kept connections)', app: join(here, 'apps/caller.cjs'), contestants: CALLERS };
const koa: Workload = {
  title: 'The Koa example, no outgoing call',
  app: join(root, 'examples/koa/v1/server.js'),
  contestants: ['bare', 'agent, one service', 'agent, several: stable', 'agent, several: a lane', 'OpenTelemetry'],
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Every contestant with its own server for as long as `measure` takes. */
async function withServers<Result>({ app, contestants }: Workload, next: number, measure: (servers: ReadonlyMap<string, Server>) => Promise<Result>): Promise<Result> {
  const servers = new Map<string, Server>();
  try {
    for (const contestant of contestants) {
      console.error(`starting ${contestant}`);
      servers.set(contestant, await start(contestant, app, await freePort(), next));
    }
    return await measure(servers);
  } finally {
    for (const server of servers.values()) await server.stop();
  }
}

async function run(workload: Workload, wrk: string, next: number): Promise<Measures> {
  return await withServers(workload, next, async (servers) => await runRounds({ wrk: [wrk], servers, leadSeconds: 1, rounds, seconds, warmupSeconds, connections: CONNECTIONS, random: new Random(SEED), onMeasure: (name, round, { cpuMicrosPerRequest }) => console.error(`${round}/${rounds} ${name}: ${cpuMicrosPerRequest.toFixed(1)} µs`) }));
}

build();
const presence = ensureDebian(['wrk']);
if (presence.kind === 'absent') throw new Error(presence.why);
if (!existsSync(join(here, 'node_modules/.package-lock.json'))) {
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--workspaces=false'], { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('npm ci failed in conformance/context/bench: the rival is not installed');
}

const port = await freePort();
const wrk = findProgram('wrk') ?? 'wrk';
const backend = await startServer(port, [{ command: process.execPath, args: [join(here, 'apps/backend.mjs')], env: { PORT: String(port) }, listens: port }]);
try {
  const computed: Computed = await withServers(inMemory, port, async (servers) => await computedBy({ servers, rounds: computedRounds, random: new Random(SEED) }));
  const [calls, koas] = [await run(calling, wrk, port), await run(koa, wrk, port)];
  const page = [
    '# What propagation costs', '',
    `Written by \`npm run bench:context\`: Node ${process.version}, interleaved rounds, medians. CPU is that of the app's process, user and system; what propagation adds is the column "above one service".`,
    '', `## ${inMemory.title}`, '',
    `Both connections are in memory, so that no kernel and no peer is in the figure: ${computedRounds} rounds.`, '', ...computedTable(computed),
    '', `## ${calling.title}`, '',
    `Over real sockets, ${rounds} rounds of ${seconds} s a contestant, ${CONNECTIONS} connections.`, '', ...table(calls),
    '', `## ${koa.title}`, '', ...table(koas),
    '', '## To reach', '', ...reached(computed, koas),
  ];
  console.log(page.join('\n'));
  if (process.argv.includes('--write')) writeFileSync(join(root, 'docs/propagation-benchmark.md'), `${page.join('\n')}\n`);
} finally {
  await backend.stop();
}
