// `npm run bench:gateway`: CPU per request of the gateway and of other proxies, their own processes only, before the same app.
// Small and large bodies, few and many connections; interleaved rounds, medians, written into docs/benchmarks.md.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../../conformance/bytes/bare.ts';
import { Random } from '../../conformance/live/random.ts';
import { ensureDebian, findProgram } from '../../tools/system.ts';
import { writeInto } from '../report.ts';
import { runRounds } from '../rounds.ts';
import type { Measure } from '../measure.ts';
import type { Server } from '../server.ts';
import { startServer } from '../server.ts';
import { proxies } from './proxies.ts';
import { table } from './table.ts';

const here = import.meta.dirname;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '3' },
    warmup: { type: 'string', default: '6' },
    /** Names, separated by commas; all when absent. */
    only: { type: 'string' },
    bytes: { type: 'string', default: '3,100000' },
    connections: { type: 'string', default: '64,400' },
    /** Print only; docs/benchmarks.md stays as it is. */
    print: { type: 'boolean', default: false },
  },
});
const chosen = proxies.filter(({ name }) => values.only === undefined || values.only.split(',').includes(name));
const presence = ensureDebian(['wrk', 'nginx']);
if (presence.kind !== 'present') throw new Error(`the benchmark cannot run: ${presence.why}`);
install(join(here, '..'), 'undici');
install(here, 'fastify');

const otherWork = loadavg()[0] ?? 0;
const random = new Random(1);
const tables: string[] = [];
for (const bytes of values.bytes.split(',').map(Number)) {
  for (const connections of values.connections.split(',').map(Number)) {
    const measures = await measure(bytes, connections);
    tables.push(table(`${bytes.toLocaleString('en')} bytes, ${connections} connections`, chosen, measures, () => random.below(1_000_000) / 1_000_000));
    console.error(`${tables.at(-1)}\n`);
  }
}
const conditions = `${new Date().toISOString().slice(0, 10)} · ${availableParallelism()} cores ${cpus()[0]?.model.trim() ?? ''} · Node ${process.versions.node} · ${values.rounds} interleaved rounds of ${values.seconds} s after ${values.warmup} s of warm-up, one worker each, over Unix sockets to one app; medians. Load average before the start: ${otherWork.toFixed(1)}.`;
const text = [conditions, ...tables].join('\n\n');
if (values.print) console.log(text);
else writeInto(join(here, '../../docs/benchmarks.md'), text, 'bench/gateway/main.ts');

async function measure(bytes: number, connections: number): Promise<ReadonlyMap<string, readonly Measure[]>> {
  const folder = mkdtempSync(join(tmpdir(), 'glb-'));
  const servers = new Map<string, Server>();
  const apps: Server[] = [];
  try {
    const [stable, canary] = [join(folder, 's.sock'), join(folder, 'c.sock')];
    for (const path of [stable, canary]) apps.push(await startServer(0, [{ command: process.execPath, args: [join(here, 'app.js')], env: { PORT: path, BYTES: String(bytes) }, listens: path }]));
    for (const [i, { name, start }] of chosen.entries()) {
      // A Unix socket's path must be short, so the folders have numbers.
      const own = join(folder, String(i));
      mkdirSync(own);
      const port = await freePort();
      servers.set(name, await startServer(port, [start({ folder: own, stable, canary, port })]));
    }
    return await runRounds({
      wrk: [findProgram('wrk') ?? 'wrk'], servers, leadSeconds: 1, connections, random,
      rounds: Number(values.rounds), seconds: Number(values.seconds), warmupSeconds: Number(values.warmup),
      onMeasure: () => undefined,
    });
  } finally {
    await Promise.all([...servers.values(), ...apps].map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Rivals have lock files of their own and are no part of the product's dependencies. */
function install(folder: string, name: string): void {
  if (existsSync(join(folder, 'node_modules', name))) return;
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--workspaces=false'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`npm ci in ${folder} failed: the rivals are not installed`);
}
