// `npm run bench:context`: what propagation costs a request, in server CPU and in throughput, beside OpenTelemetry's automatic
// instrumentation in the same interleaved rounds. ROUNDS, SECONDS and WARMUP say how long; needs wrk and Linux.

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
import { start, type Contestant } from './contestants.ts';
import { reached, table, type Measures } from './report.ts';

const rounds = Number(process.env['ROUNDS'] ?? 8);
const seconds = Number(process.env['SECONDS'] ?? 4);
const warmupSeconds = Number(process.env['WARMUP'] ?? 4);
const CONNECTIONS = 32;
const SEED = 1;

const here = import.meta.dirname;
const root = join(here, '../../..');

interface Workload {
  readonly title: string;
  readonly app: string;
  readonly contestants: readonly Contestant[];
}

const workloads: readonly Workload[] = [
  {
    title: 'One outgoing call a request (`node:http`, kept connections)',
    app: join(here, 'apps/caller.cjs'),
    contestants: ['bare', 'agent, one service', 'agent, several: stable', 'agent, several: a lane', 'agent, several: a lane, 100,000 users', 'OpenTelemetry'],
  },
  {
    title: 'The Koa example, no outgoing call',
    app: join(root, 'examples/koa/v1/server.js'),
    contestants: ['bare', 'agent, one service', 'agent, several: stable', 'agent, several: a lane', 'OpenTelemetry'],
  },
];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function run({ app, contestants }: Workload, wrk: string, next: number): Promise<Measures> {
  const servers = new Map<string, Server>();
  try {
    for (const contestant of contestants) {
      console.error(`starting ${contestant}`);
      servers.set(contestant, await start(contestant, app, await freePort(), next));
    }
    return await runRounds({ wrk: [wrk], servers, leadSeconds: 1, rounds, seconds, warmupSeconds, connections: CONNECTIONS, random: new Random(SEED), onMeasure: (name, round, { cpuMicrosPerRequest }) => console.error(`${round}/${rounds} ${name}: ${cpuMicrosPerRequest.toFixed(1)} µs`) });
  } finally {
    for (const server of servers.values()) await server.stop();
  }
}

build();
const presence = ensureDebian(['wrk']);
if (presence.kind === 'absent') throw new Error(presence.why);
if (!existsSync(join(here, 'node_modules/.package-lock.json'))) {
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--workspaces=false'], { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('npm ci failed in conformance/context/bench: the rival is not installed');
}

const port = await freePort();
const backend = await startServer(port, [{ command: process.execPath, args: [join(here, 'apps/backend.mjs')], env: { PORT: String(port) }, listens: port }]);
const page = [
  '# What propagation costs', '',
  `Written by \`npm run bench:context\`: Node ${process.version}, ${rounds} interleaved rounds of ${seconds} s a contestant, ${CONNECTIONS} connections, medians; CPU is that of the app's process, user and system. What propagation adds is the column "above one service".`,
];
try {
  const measured: Measures[] = [];
  for (const workload of workloads) {
    const measures = await run(workload, findProgram('wrk') ?? 'wrk', port);
    measured.push(measures);
    page.push('', `## ${workload.title}`, '', ...table(measures));
  }
  page.push('', '## To reach', '', ...reached(...measured));
} finally {
  await backend.stop();
}
console.log(page.join('\n'));
if (process.argv.includes('--write')) writeFileSync(join(root, 'docs/propagation-benchmark.md'), `${page.join('\n')}\n`);
