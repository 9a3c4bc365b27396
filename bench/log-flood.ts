// A worker that logs 50 MB a second: what that costs the supervisor, and how much of the disk it gets.
// `node --conditions=graylane-source bench/log-flood.ts [seconds]`; Linux, for it reads /proc.

import { once } from 'node:events';
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiClient } from '@graylane/control';

const COMMAND = join(import.meta.dirname, '../packages/graylane/bin/graylane.js');
const BYTES_PER_SECOND = 50_000_000;
const LOOK_MS = 100;
/** A tick of /proc/PID/stat on Linux. */
const TICK_MS = 10;
const MEGABYTE = 1_048_576;

/** Writes lines of 100 bytes at the wanted rate, and catches up when it was held up. */
const APP = `
const { writeSync } = require('node:fs');
const lines = Buffer.from(('x'.repeat(99) + '\\n').repeat(10_000));
let since = 0, written = 0;
setInterval(() => {
  if (since > 0) while (written < (performance.now() - since) / 1000 * ${BYTES_PER_SECOND}) written += writeSync(1, lines);
}, 20);
require('node:http').createServer((request, response) => {
  if (request.url === '/flood') since = performance.now();
  response.end(String(written));
}).listen(process.env.PORT);
`;

interface Stretch {
  readonly seconds: number;
  readonly cpuMs: number;
  readonly answersMs: readonly number[];
  readonly mostBytes: number;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** What the supervisor spends, how fast it answers, and what lies in its log folder meanwhile. */
async function stretch(run: string, pid: number, seconds: number): Promise<Stretch> {
  const client = new ApiClient({ socketPath: join(run, 'api.sock'), who: 'bench' });
  const answersMs: number[] = [];
  let mostBytes = 0;
  const [began, cpu] = [performance.now(), cpuMs(pid)];
  while (performance.now() - began < seconds * 1_000) {
    const asked = performance.now();
    await client.workers();
    answersMs.push(performance.now() - asked);
    mostBytes = Math.max(mostBytes, logBytes());
    await delay(LOOK_MS);
  }
  return { seconds: (performance.now() - began) / 1_000, cpuMs: cpuMs(pid) - cpu, answersMs: answersMs.sort((a, b) => a - b), mostBytes };
}

function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function logBytes(): number {
  const state = join(folder, '.graylane');
  return globSync('logs/**/*.log*', { cwd: state }).reduce((sum, file) => sum + (statSync(join(state, file), { throwIfNoEntry: false })?.size ?? 0), 0);
}

function line(name: string, { seconds, cpuMs: cpu, answersMs, mostBytes }: Stretch): string {
  const at = (share: number): string => `${(answersMs[Math.floor(answersMs.length * share)] ?? 0).toFixed(1)} ms`;
  return `${name}: ${seconds.toFixed(1)} s, supervisor ${(cpu / seconds / 10).toFixed(1)} % of a core, its answers p50 ${at(0.5)}, p99 ${at(0.99)}, log folder ${Math.round(mostBytes / MEGABYTE)} MiB at most`;
}

const seconds = Number(process.argv[2] ?? 20);
const folder = mkdtempSync(join(tmpdir(), 'gl-flood-'));
const port = await freePort();
writeFileSync(join(folder, 'app.js'), APP);
const up = spawn(process.execPath, [COMMAND, 'up', './app.js', '--port', String(port)], { cwd: folder, env: { ...process.env, GRAYLANE_RUN_DIR: join(folder, 'r') }, stdio: ['ignore', 'pipe', 'inherit'] });
try {
  await once(up.stdout, 'data');
  const run = join(folder, 'r', readdirSync(join(folder, 'r'))[0] ?? '');
  const pid = Number(readFileSync(join(run, 'supervisor.pid'), 'utf8'));
  const ask = async (path: string): Promise<number> => Number(await (await fetch(`http://localhost:${port}${path}`)).text());
  console.log(line('quiet', await stretch(run, pid, seconds / 4)));
  await ask('/flood');
  const flood = await stretch(run, pid, seconds);
  console.log(`${line('flood', flood)}; the worker wrote ${(await ask('/') / 1e6 / flood.seconds).toFixed(1)} MB/s`);
} finally {
  up.kill('SIGTERM');
  if (up.exitCode === null) await once(up, 'exit');
  rmSync(folder, { recursive: true, force: true });
}
