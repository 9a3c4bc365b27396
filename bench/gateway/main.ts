// `node --conditions=graylane-source bench/gateway/main.ts`: CPU per request of the gateway and of other proxies, their own processes
// only, before the same app. Small and large bodies, few and many connections; interleaved rounds, medians.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../../conformance/bytes/bare.ts';
import { Random } from '../../conformance/live/random.ts';
import { ensureDebian, findProgram } from '../../tools/system.ts';
import { runRounds } from '../rounds.ts';
import type { Measure } from '../rounds.ts';
import type { Server, Start } from '../server.ts';
import { startServer } from '../server.ts';
import { median, ratioOfPairs } from '../statistics.ts';

const here = import.meta.dirname;
const rivals = join(here, '../rivals');
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    warmup: { type: 'string', default: '3' },
    only: { type: 'string' },
    bytes: { type: 'string', default: '3,100000' },
    connections: { type: 'string', default: '64,400' },
  },
});

interface Sides { readonly folder: string; readonly stable: string; readonly canary: string; readonly port: number }

const proxies: readonly { readonly name: string; readonly start: (sides: Sides) => Start }[] = [
  { name: 'nginx', start: nginx },
  { name: 'gateway', start: (sides) => node(join(here, 'front.ts'), sides, ['--conditions=graylane-source']) },
  { name: 'byte pipe', start: (sides) => node(join(here, 'pipe.js'), sides) },
  { name: 'http-proxy', start: (sides) => node(join(rivals, 'td-http-proxy.js'), sides) },
  { name: 'httpxy', start: (sides) => node(join(rivals, 'td-httpxy.js'), sides) },
  { name: 'undici', start: (sides) => node(join(rivals, 'td-undici.js'), sides) },
];
const chosen = proxies.filter(({ name }) => values.only === undefined || values.only.split(',').includes(name));
const presence = ensureDebian(['wrk', 'nginx']);
if (presence.kind !== 'present') throw new Error(presence.why);

for (const bytes of values.bytes.split(',')) {
  for (const connections of values.connections.split(',')) await measure(Number(bytes), Number(connections));
}

async function measure(bytes: number, connections: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'glb-'));
  const servers = new Map<string, Server>();
  const apps: Server[] = [];
  try {
    const [stable, canary] = [join(folder, 's.sock'), join(folder, 'c.sock')];
    for (const path of [stable, canary]) apps.push(await startServer(0, [{ command: process.execPath, args: [join(here, 'app.js')], env: { PORT: path, BYTES: String(bytes) }, listens: path }]));
    for (const [i, { name, start }] of chosen.entries()) {
      const own = join(folder, String(i));
      mkdirSync(own);
      const port = await freePort();
      servers.set(name, await startServer(port, [start({ folder: own, stable, canary, port })]));
    }
    const measures = await runRounds({
      wrk: findProgram('wrk') ?? 'wrk', servers, connections,
      rounds: Number(values.rounds), seconds: Number(values.seconds), warmupSeconds: Number(values.warmup),
      random: new Random(1), onMeasure: () => undefined,
    });
    print(bytes, connections, measures);
  } finally {
    await Promise.all([...servers.values(), ...apps].map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(bytes: number, connections: number, measures: ReadonlyMap<string, readonly Measure[]>): void {
  const cpu = (name: string): readonly number[] => (measures.get(name) ?? []).map((one) => one.cpuMicrosPerRequest);
  const random = new Random(1);
  const reference = cpu('nginx');
  console.log(`\n${bytes} bytes, ${connections} connections\n\n| proxy | CPU µs a request | ratio to nginx | its upper 95 % bound |\n|---|---:|---:|---:|`);
  for (const name of measures.keys()) {
    const ratio = reference.length === 0 ? null : ratioOfPairs(cpu(name), reference, () => random.below(1_000_000) / 1_000_000);
    console.log(`| ${name} | ${median(cpu(name)).toFixed(1)} | ${ratio?.median.toFixed(2) ?? '–'} | ${ratio?.upper95.toFixed(2) ?? '–'} |`);
  }
}

function node(script: string, { port, stable, canary }: Sides, flags: readonly string[] = []): Start {
  return { command: process.execPath, args: [...flags, script], env: { PORT: String(port), STABLE: stable, CANARY: canary, PERCENT: '5' }, listens: port };
}

function nginx({ folder, port, stable, canary }: Sides): Start {
  const names: Readonly<Record<string, string>> = { WORKERS: '1', FOLDER: folder, PORT: String(port), STABLE: stable, CANARY: canary, SHARE: '5% canary;', USER: process.getuid?.() === 0 ? 'user root;' : '' };
  const text = Object.entries(names).reduce((filled, [name, value]) => filled.replaceAll(`@${name}@`, value), readFileSync(join(rivals, 'nginx.conf'), 'utf8'));
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, text);
  return { command: 'nginx', args: ['-e', 'stderr', '-p', folder, '-c', file], env: {}, listens: port };
}
