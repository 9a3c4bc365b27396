// `npm run bench:rollback [-- --rounds 10 --workers 2]`: from the command to the last request that still entered the lane, on one machine under
// load: with all workers well, and with one stable worker that stands still. Prints figures; a quiet machine gives the ones that count.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ApiClient } from '@graylane/control';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '10' }, workers: { type: 'string', default: '2' } } });
const BIN = join(import.meta.dirname, '../../packages/graylane/bin/graylane.js');
/** One each so often; each on a connection of its own, so that every worker gets some. */
const PAUSE_MS = 3;
const LEAD_MS = 300;
const TAIL_MS = 500;
/** How long a change may take to be everybody's before a round is given up. */
const PATIENCE_MS = 20_000;

interface Asked { readonly atMs: number; readonly answer: Promise<string | null> }
interface Round { readonly lastEntryMs: number; readonly commandMs: number; readonly ackMs: number; readonly requests: number }

const folder = mkdtempSync(join(tmpdir(), 'glr-'));
const port = await freePort();
for (const build of ['one', 'two']) {
  mkdirSync(join(folder, build));
  writeFileSync(join(folder, build, 'server.js'), `import { createServer } from 'node:http';\ncreateServer((_, response) => response.end('${build}')).listen(Number(process.env.PORT));\n`);
  writeFileSync(join(folder, build, 'package.json'), '{"type":"module"}');
}
const up = spawn(process.execPath, [BIN, '--json', 'up', './one/server.js', '--canary', './two/server.js', '--percent', '100', '--workers', values.workers, '--port', String(port)], {
  cwd: folder, env: { ...process.env, GRAYLANE_RUN_DIR: join(folder, 'r') }, stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  await ready(up);
  const run = join(folder, 'r');
  const client = new ApiClient({ socketPath: join(run, readdirSync(run)[0] ?? '', 'api.sock'), who: 'bench' });
  console.log(`load of the machine: ${(loadavg()[0] ?? 0).toFixed(1)}; ${values.workers} stable workers, ${Math.round(1_000 / PAUSE_MS)} requests a second`);
  for (const stuck of [false, true]) {
    const rounds: Round[] = [];
    for (let n = 0; n < Number(values.rounds); n += 1) rounds.push(await round(client, stuck));
    console.log(line(stuck ? 'one worker stands still' : 'all workers are well', rounds));
  }
} finally {
  up.kill('SIGTERM');
  await once(up, 'exit');
  rmSync(folder, { recursive: true, force: true });
}

/** The canary has everybody, is rolled back under load, and is started again. */
async function round(client: ApiClient, stuck: boolean): Promise<Round> {
  await eventually(async () => (await ask()) === 'two' && (await client.status()).stale.length === 0);
  const worker = (await client.workers()).items.find(({ role }) => role === 'stable');
  const asked: Asked[] = [];
  const asking = setInterval(() => asked.push({ atMs: performance.now(), answer: ask() }), PAUSE_MS);
  let begun: number;
  let commandMs: number;
  let ackMs: number;
  try {
    await delay(LEAD_MS);
    if (stuck && worker !== undefined) process.kill(worker.pid, 'SIGSTOP');
    begun = performance.now();
    ({ tookMs: ackMs } = await client.verb('canary', 'rollback', { why: 'bench' }));
    commandMs = performance.now() - begun;
    await delay(TAIL_MS);
  } finally {
    clearInterval(asking);
    if (stuck && worker !== undefined) process.kill(worker.pid, 'SIGCONT');
  }
  const answers = await Promise.all(asked.map(async ({ atMs, answer }) => ({ atMs, build: await answer })));
  const failed = answers.filter(({ build }) => build === null).length;
  if (failed > 0) throw new Error(`${failed} of ${answers.length} requests failed`);
  const last = Math.max(begun, ...answers.filter(({ build }) => build === 'two').map(({ atMs }) => atMs));
  await client.verb('canary', 'start', { why: 'bench' });
  return { lastEntryMs: last - begun, commandMs, ackMs, requests: answers.length };
}

function line(title: string, rounds: readonly Round[]): string {
  const worst = (of: (round: Round) => number): string => Math.max(...rounds.map(of)).toFixed(0);
  const middle = (of: (round: Round) => number): string => (rounds.map(of).sort((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? 0).toFixed(0);
  return `${title}: last request that entered the lane ${middle(({ lastEntryMs }) => lastEntryMs)} ms after the command (worst of ${rounds.length}: ${worst(({ lastEntryMs }) => lastEntryMs)}); `
    + `command ${middle(({ commandMs }) => commandMs)} ms (worst ${worst(({ commandMs }) => commandMs)}), acknowledgements awaited ${middle(({ ackMs }) => ackMs)} ms (worst ${worst(({ ackMs }) => ackMs)}); ${rounds.reduce((sum, { requests }) => sum + requests, 0)} requests, none failed`;
}

function ask(): Promise<string | null> {
  return new Promise((resolve) => {
    get({ port, agent: false, timeout: PATIENCE_MS }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => { body += text; });
      response.on('end', () => resolve(body));
      response.on('error', () => resolve(null));
    }).on('error', () => resolve(null));
  });
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const begun = performance.now();
  while (!(await holds())) {
    if (performance.now() - begun > PATIENCE_MS) throw new Error(`the canary does not have everybody after ${PATIENCE_MS} ms`);
    await delay(20);
  }
}

async function ready(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (part: Buffer) => {
      text += part.toString();
      if (text.includes('"ready":true')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`graylane up ended with ${code}`)));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
