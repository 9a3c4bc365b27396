// `npm run bench:edge`: what HTTP/2 to the client costs beside HTTP/1.1, TLS handshakes beside nginx, and what mirroring does to the
// original, in interleaved rounds; written into docs/benchmarks.md. It needs h2load, wrk, openssl and nginx.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../../conformance/bytes/bare.ts';
import { ensureDebian, findProgram } from '../../tools/system.ts';
import { cpuMicros } from '../cpu.ts';
import { writeInto } from '../report.ts';
import { startServer } from '../server.ts';
import type { Server, Start } from '../server.ts';
import { median } from '../statistics.ts';
import { runWrk } from '../wrk.ts';
import { featureTable } from './features.ts';
import { h2load, handshakes } from './loads.ts';
import type { Done } from './loads.ts';

const here = import.meta.dirname;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    /** Print only; docs/benchmarks.md stays as it is. */
    print: { type: 'boolean', default: false },
    /** One part of it, printed: protocols, tls, mirrors or features. */
    only: { type: 'string' },
  },
});
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
const CONNECTIONS = 32;
const HANDSHAKE_CLIENTS = 4;
const SLOW_MIRROR_MS = 5_000;

const presence = ensureDebian(['wrk', 'nginx', 'haproxy', 'caddy', 'openssl']);
if (presence.kind !== 'present') throw new Error(`the benchmark cannot run: ${presence.why}`);
if (findProgram('h2load') === null) ensureDebian(['nghttp2-client']);
const h2loadProgram = findProgram('h2load');
if (h2loadProgram === null) throw new Error('the benchmark cannot run: h2load is missing; on Debian run: sudo apt-get install -y nghttp2-client');
const wrkProgram = findProgram('wrk') ?? 'wrk';

const folder = mkdtempSync(join(tmpdir(), 'gle-'));
const otherWork = loadavg()[0] ?? 0;
try {
  const parts = { protocols, tls, mirrors, features };
  const wanted = Object.entries(parts).filter(([name]) => values.only === undefined || name === values.only);
  const texts = [conditions()];
  for (const [, part] of wanted) texts.push(await part());
  const text = texts.join('\n\n');
  if (values.print || values.only !== undefined) console.log(text);
  else writeInto(join(here, '../../docs/benchmarks.md'), text, 'bench/edge/main.ts');
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function conditions(): string {
  return `${new Date().toISOString().slice(0, 10)} · ${availableParallelism()} cores ${cpus()[0]?.model.trim() ?? ''} · Node ${process.versions.node} · ${rounds} interleaved rounds of ${seconds} s after one that is not counted; medians, and medians of ratios within a round. Load average before the start: ${otherWork.toFixed(1)}.`;
}

function appStart(path: string): Start {
  return { command: process.execPath, args: [join(here, '../gateway/app.js')], env: { PORT: path, BYTES: '3' }, listens: path };
}

function edgeStart(port: number, env: Readonly<Record<string, string>>): Start {
  return { command: process.execPath, args: ['--conditions=graylane-source', join(here, 'front.ts')], env: { PORT: String(port), ...env }, listens: port };
}

/** CPU microseconds of the server for each of what was done; the first round only warms up. */
async function measure(contestants: Readonly<Record<string, { readonly server: Server; readonly load: () => Promise<Done> }>>): Promise<ReadonlyMap<string, readonly number[]>> {
  const found = new Map<string, number[]>(Object.keys(contestants).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    const names = round % 2 === 0 ? Object.keys(contestants) : Object.keys(contestants).reverse();
    for (const name of names) {
      const { server, load } = contestants[name] as { readonly server: Server; readonly load: () => Promise<Done> };
      const before = cpuMicros(server.pids());
      const { count } = await load();
      if (round > 0) found.get(name)?.push((cpuMicros(server.pids()) - before) / count);
    }
  }
  return found;
}

function ratioTable(head: string, measures: ReadonlyMap<string, readonly number[]>, bound: string): string {
  const [reference] = [...measures.values()];
  const rows = [...measures].map(([name, runs]) => `| ${name} | ${median(runs).toFixed(1)} | ${median(runs.map((one, i) => one / (reference?.[i] ?? Number.NaN))).toFixed(2)} |`);
  return [`| ${head} | CPU µs each | ratio (${bound}) |`, '| --- | ---: | ---: |', ...rows].join('\n');
}

async function protocols(): Promise<string> {
  const socket = join(folder, 'a.sock');
  const app = await startServer(0, [appStart(socket)]);
  const port = await freePort();
  const server = await startServer(port, [edgeStart(port, { STABLE: socket })]);
  const url = `http://127.0.0.1:${port}/`;
  try {
    const load = (http1: boolean) => () => h2load({ program: h2loadProgram as string, url, http1, connections: CONNECTIONS, seconds });
    return ratioTable(`requests over ${CONNECTIONS} connections, gateway only`, await measure({ 'HTTP/1.1 to the client': { server, load: load(true) }, 'HTTP/2 to the client': { server, load: load(false) } }), 'to reach: ≤ 1.5');
  } finally {
    await server.stop();
    await app.stop();
  }
}

/** P-256, as most sites have. */
function certificate(): { readonly cert: string; readonly key: string } {
  const [cert, key] = [join(folder, 'site.pem'), join(folder, 'site.key')];
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, '-subj', '/CN=site.test', '-addext', 'subjectAltName=DNS:site.test,DNS:h2.test,IP:127.0.0.1', '-days', '2']);
  if (made.status !== 0) throw new Error(String(made.stderr));
  return { cert, key };
}

async function features(): Promise<string> {
  return await featureTable({ folder, certificate: certificate(), h2loadProgram: h2loadProgram as string, connections: CONNECTIONS, seconds, measure });
}

async function tls(): Promise<string> {
  const { cert, key } = certificate();
  const socket = join(folder, 'b.sock');
  const app = await startServer(0, [appStart(socket)]);
  const [port, tlsPort, nginxPort, barePort] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const conf = join(folder, 'nginx.conf');
  writeFileSync(conf, `daemon off; pid ${folder}/nginx.pid; worker_processes 1; error_log ${folder}/error.log; events { worker_connections 1024; }
http { access_log off; server { listen 127.0.0.1:${nginxPort} ssl http2; ssl_certificate ${cert}; ssl_certificate_key ${key}; ssl_session_cache off; location / { return 200; } } }\n`);
  const edge = await startServer(port, [edgeStart(port, { TLS_PORT: String(tlsPort), STABLE: socket, CERT: cert, KEY: key })]);
  const nginx = await startServer(nginxPort, [{ command: 'nginx', args: ['-c', conf, '-p', folder], env: {}, listens: nginxPort }]);
  const bare = await startServer(barePort, [{ command: process.execPath, args: [join(here, 'bare-tls.ts')], env: { TLS_PORT: String(barePort), CERT: cert, KEY: key }, listens: barePort }]);
  try {
    const load = (at: number) => () => handshakes(at, HANDSHAKE_CLIENTS, seconds);
    return ratioTable('full TLS 1.3 handshakes, P-256', await measure({ nginx: { server: nginx, load: load(nginxPort) }, 'a bare TLS server in Node': { server: bare, load: load(barePort) }, 'graylane gateway': { server: edge, load: load(tlsPort) } }), 'to reach: ≤ 1.3');
  } finally {
    for (const server of [nginx, bare, edge, app]) await server.stop();
  }
}

async function mirrors(): Promise<string> {
  const socket = join(folder, 'c.sock');
  const slow = join(folder, 'slow.sock');
  const apps = [await startServer(0, [appStart(socket)]), await startServer(0, [{ command: process.execPath, args: [join(here, 'mirror.ts')], env: { PORT: slow, MS: String(SLOW_MIRROR_MS) }, listens: slow }])];
  const contestants: { readonly name: string; readonly server: Server; readonly p99: number[] }[] = [];
  try {
    for (const [name, mirror] of [['no mirror', ''], ['a dead mirror', join(folder, 'nobody.sock')], [`a mirror that takes ${SLOW_MIRROR_MS / 1_000} s`, slow]] as const) {
      const port = await freePort();
      contestants.push({ name, server: await startServer(port, [edgeStart(port, { STABLE: socket, MIRROR: mirror })]), p99: [] });
    }
    for (let round = 0; round <= rounds; round++) {
      for (const { server, p99 } of round % 2 === 0 ? contestants : [...contestants].reverse()) {
        const run = await runWrk({ command: [wrkProgram], port: server.port, connections: CONNECTIONS, seconds });
        if (run.failed > 0) throw new Error(`${run.failed} requests failed`);
        if (round > 0) p99.push(run.p99Ms);
      }
    }
    const reference = contestants[0]?.p99 ?? [];
    const rows = contestants.map(({ name, p99 }) => `| ${name} | ${median(p99).toFixed(2)} | ${median(p99.map((one, i) => one / (reference[i] ?? Number.NaN))).toFixed(2)} |`);
    return [`| 100 % mirrored, ${CONNECTIONS} connections, saturated | p99 ms of the original | ratio (to reach: ≤ 1.1) |`, '| --- | ---: | ---: |', ...rows].join('\n');
  } finally {
    for (const { server } of contestants) await server.stop();
    for (const app of apps) if (existsSync(folder)) await app.stop();
  }
}
