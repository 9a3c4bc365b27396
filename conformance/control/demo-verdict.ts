// `npm run demo:verdict`: two releases left alone in real time, with real processes and requests. A canary that fails 5 % of its
// requests is rolled back by itself; a healthy one is promoted to the end. Prints what a pipeline would see, and figures.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BIN = join(import.meta.dirname, '../../packages/graylane/bin/graylane.js');
const MINUTE_MS = 60_000;
/** A client that waits for more answers than this would measure itself. */
const SOCKETS = 32;

interface Story {
  readonly name: string;
  /** Of the whole audience. */
  readonly requestsPerMinute: number;
  readonly errors: { readonly stable: number; readonly canary: number };
  readonly steps: readonly unknown[];
  /** Of `graylane status --wait`. */
  readonly exitCode: 0 | 3;
  readonly timeout: string;
}

/** Each visitor comes once: what a person does twice is asked elsewhere. */
class Traffic {
  sent = 0;
  readonly #answers = new Map<string, number>();
  readonly #agent = new Agent({ keepAlive: true, maxSockets: SOCKETS });
  readonly #port: number;
  readonly #timer: NodeJS.Timeout;
  readonly #open = new Set<Promise<void>>();

  constructor(port: number, requestsPerMinute: number) {
    this.#port = port;
    this.#timer = setInterval(() => this.#send(), MINUTE_MS / requestsPerMinute);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    this.#agent.destroy();
  }

  text(): string {
    return [...this.#answers].sort().map(([kind, count]) => `${count} × ${kind}`).join(', ');
  }

  #send(): void {
    if (this.#open.size >= SOCKETS) return;
    this.sent += 1;
    const cookie = `graylane-id=${this.sent.toString(16).padStart(12, '0')}`;
    const done = new Promise<void>((resolve) => {
      const settle = (kind: string): void => {
        this.#answers.set(kind, (this.#answers.get(kind) ?? 0) + 1);
        resolve();
      };
      get({ port: this.#port, agent: this.#agent, headers: { cookie } }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => { body += text; });
        response.on('end', () => settle(`${body} ${response.statusCode ?? 0}`));
      }).on('error', (error) => settle(`failed: ${error.message}`));
    });
    this.#open.add(done);
    void done.then(() => this.#open.delete(done));
  }
}

const stories: readonly Story[] = [
  {
    name: 'sick', requestsPerMinute: 1_000, errors: { stable: 0.01, canary: 0.05 }, steps: [{ percent: 5 }, { verdict: { for: '30m' } }], exitCode: 3, timeout: '30m',
  },
  {
    name: 'healthy', requestsPerMinute: 6_000, errors: { stable: 0.002, canary: 0.002 }, steps: [{ percent: 5 }, { pause: '10s' }, { percent: 50 }, { verdict: { for: '3m' } }], exitCode: 0, timeout: '10m',
  },
];

const wanted = process.argv.slice(2);
for (const story of stories) {
  if (wanted.length > 0 && !wanted.includes(story.name)) continue;
  const { code, tookMs, requests, why } = await told(story);
  console.log(`${story.name}: ${code === story.exitCode ? 'ok' : 'NOT OK'}, exit code ${code ?? 'none'} after ${(tookMs / MINUTE_MS).toFixed(1)} min and ${requests} requests\n  ${why}\n`);
  if (code !== story.exitCode) process.exitCode = 1;
}

async function told(story: Story): Promise<{ readonly code: number | null; readonly tookMs: number; readonly requests: number; readonly why: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'glv-'));
  const port = await freePort();
  writeApp(folder, 'v1', story.errors.stable);
  writeApp(folder, 'v2', story.errors.canary);
  writeFileSync(join(folder, 'graylane.config.json'), JSON.stringify({
    services: { web: { listen: port, stable: 'v1', versions: { v1: { script: './v1/server.js' }, v2: { script: './v2/server.js' } } } },
    releases: [{ name: story.name, when: [{}], percent: 0, versions: { web: 'v2' }, steps: story.steps }],
  }));
  const graylane = (...args: readonly string[]): ChildProcess => spawn(process.execPath, [BIN, ...args], { cwd: folder, env: { ...process.env, GRAYLANE_RUN_DIR: join(folder, 'r') }, stdio: ['ignore', 'pipe', 'inherit'] });
  const up = graylane('up', '--json');
  const ended = once(up, 'close');
  let traffic: Traffic | null = null;
  try {
    await said(up, '"ready":true');
    await once(graylane('start', story.name), 'close');
    const begun = performance.now();
    traffic = new Traffic(port, story.requestsPerMinute);
    const [code] = (await once(graylane('status', story.name, '--wait', '--timeout', story.timeout), 'close')) as [number | null];
    const tookMs = performance.now() - begun;
    await traffic.stop();
    const events = await textOf(graylane('events', story.name));
    return { code, tookMs, requests: traffic.sent, why: `${traffic.text()}\n  ${events.trim().replaceAll('\n', '\n  ')}` };
  } finally {
    await traffic?.stop();
    up.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Every n-th request fails: each run is the same. */
function writeApp(folder: string, version: string, errors: number): void {
  mkdirSync(join(folder, version));
  writeFileSync(join(folder, version, 'server.js'), `let n = 0;
require('node:http').createServer((request, response) => {
  n += 1;
  response.statusCode = n % ${1 / errors} === 0 ? 500 : 200;
  response.end('${version}');
}).listen(process.env.PORT);\n`);
}

async function said(child: ChildProcess, word: string): Promise<void> {
  let text = '';
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    text += chunk.toString();
    if (!text.includes(word)) continue;
    // The rest is for nobody, and must not fill the pipe.
    child.stdout?.resume();
    return;
  }
  throw new Error(`graylane up ended: ${text}`);
}

async function textOf(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) text += chunk.toString();
  return text;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
