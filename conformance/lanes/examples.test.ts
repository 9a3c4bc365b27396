// The examples of lanes, started as their READMEs say: who gets what is what the README prints.

import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { graylaneCommand } from '../live/command.ts';
import { pythonMissing, pythonPackages } from './python.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');
const READY_LIMIT_MS = 60_000;

interface Running {
  readonly run: (command: readonly string[]) => string;
  readonly stop: () => Promise<void>;
}

async function start(example: string, command: readonly string[], ready: string, ports: Readonly<Record<string, string>>): Promise<Running> {
  const folder = join(EXAMPLES, example);
  const runFolder = mkdtempSync(join(tmpdir(), 'glx-'));
  // What a run leaves behind in the example's folder is its store; the next one starts without it.
  const forget = (): void => rmSync(join(folder, '.graylane'), { recursive: true, force: true });
  forget();
  const env = { ...process.env, ...ports, GRAYLANE_RUN_DIR: join(runFolder, 'r'), NO_COLOR: '1' };
  const child: ChildProcess = spawn(process.execPath, [...command], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready\n${output}`)), READY_LIMIT_MS);
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (!output.includes(ready)) return;
      clearTimeout(timer);
      resolve();
    });
    child.once('exit', (code) => reject(new Error(`ended with ${code}\n${output}`)));
  });
  return {
    run: (args) => {
      const { stdout, stderr, status } = spawnSync(process.execPath, [...args], { cwd: folder, env, encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      return stdout;
    },
    stop: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
      rmSync(runFolder, { recursive: true, force: true });
      forget();
    },
  };
}

/** The block behind "`npm run who` prints". */
function promised(example: string): string {
  return /prints\n\n```\n([\s\S]*?)```/.exec(readFileSync(join(EXAMPLES, example, 'README.md'), 'utf8'))?.[1] ?? '';
}

async function freePorts(count: number): Promise<readonly string[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => String((server.address() as AddressInfo).port));
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

describe('android-mail', () => {
  let example: Running;
  before(async () => {
    const [order = '', email = ''] = await freePorts(2);
    example = await start('android-mail', [graylaneCommand, 'up', '--json'], '"ready":true', { ORDER_PORT: order, EMAIL_PORT: email });
  });
  after(() => example.stop());

  it('gives users in both audiences what belongs together', () => {
    assert.equal(example.run(['who.js']), promised('android-mail'));
  });

  it('shows the matrix of lanes', () => {
    assert.match(example.run([graylaneCommand, 'lanes']), /^lane +priority +order +email +for\nandroid +1 +v1\.1 +v2\.1 .*\natlantis +2 +\(v1\.0\) +v2\.0\.1 .*\nstable +v1\.0 +v2\.0 +everybody else\n$/);
  });

  it('explains the whole chain', () => {
    const text = example.run([graylaneCommand, 'explain', 'GET /', '-H', 'User-Agent: Mozilla/5.0 (Linux; Android 16)', '-H', 'x-city: Atlantis']);
    assert.match(text, /lane android \(matched\)\n {2}order → v1\.1\n {2}email → v2\.1\n/);
    assert.match(text, /atlantis \(priority 2\): would be in, but a release of smaller priority number has the request/);
  });
});

interface Food extends Running {
  readonly order: string;
}

async function startFood(more: Readonly<Record<string, string>> = {}): Promise<Food> {
  const [order = '', restaurant = '', delivery = '', outbound = '', ...apps] = await freePorts(7);
  const running = await start('food-delivery', ['run.js'], 'everything serves', { ORDER_PORT: order, RESTAURANT_PORT: restaurant, DELIVERY_PORT: delivery, OUTBOUND: outbound, DELIVERY_APPS: apps.join(','), ...more });
  return { ...running, order };
}

describe('food-delivery', { skip: pythonMissing }, () => {
  let example: Food;
  before(async () => {
    example = await startFood();
  });
  after(() => example.stop());

  it('reaches canaries deep in the chain, in Python too, and the way back up keeps the lane', () => {
    assert.equal(example.run(['who.js']), promised('food-delivery'));
  });

  it('puts one request into a lane by an override, through all services, also after a change of keys', async () => {
    const { token } = JSON.parse(example.run([graylaneCommand, '--json', 'override', 'beijing', '--for', '10m'])) as { readonly token: string };
    const chain = async (): Promise<unknown> => {
      const answer = await fetch(`http://127.0.0.1:${example.order}/orders`, { method: 'POST', headers: { 'graylane-override': token, 'content-type': 'application/json' }, body: '{}' });
      return ((await answer.json()) as { readonly chain: unknown }).chain;
    };
    assert.deepEqual(await chain(), ['order v1', 'restaurant v1', 'delivery beijing', 'restaurant v1']);
    example.run([graylaneCommand, 'rotate-keys']);
    assert.deepEqual(await chain(), ['order v1', 'restaurant v1', 'delivery beijing', 'restaurant v1']);
  });
});

const openTelemetry = pythonPackages(join(EXAMPLES, 'food-delivery/delivery/requirements.txt'), 'opentelemetry');

describe('food-delivery with OpenTelemetry in place of the ten lines', { skip: openTelemetry.kind === 'absent' ? openTelemetry.why : false }, () => {
  let example: Food;
  before(async () => {
    example = await startFood({ CARRY: 'otel', PYTHONPATH: openTelemetry.kind === 'present' ? openTelemetry.path : '' });
  });
  after(() => example.stop());

  it('the lane goes through its sidecar both ways, by nothing but the propagator of baggage', () => {
    assert.equal(example.run(['who.js']), promised('food-delivery'));
  });
});
