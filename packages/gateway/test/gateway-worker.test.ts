import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { FrameReader, WIRE_VERSION, frame } from '@graylane/wire';
import type { AgentMessage, SupervisorMessage, WorkerBrief } from '@graylane/wire';
import { GatewayWorker } from '../src/index.ts';
import { ask, startApp, strategy } from './support.ts';

const SERVICES = { web: { stable: 'v1', versions: { v1: {}, v2: {} } } };

interface FakeSupervisor {
  readonly folder: string;
  readonly path: string;
  send(message: SupervisorMessage): void;
  next<K extends AgentMessage['kind']>(kind: K): Promise<Extract<AgentMessage, { kind: K }>>;
}

async function startSupervisor(t: TestContext): Promise<FakeSupervisor> {
  const folder = mkdtempSync(join(tmpdir(), 'gl-'));
  const path = join(folder, 'c.sock');
  const messages: AgentMessage[] = [];
  let wake = (): void => undefined;
  let link: net.Socket | null = null;
  const server = net.createServer((socket) => {
    link = socket;
    const reader = new FrameReader();
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const body of reader.push(chunk)) messages.push(JSON.parse(Buffer.from(body).toString()) as AgentMessage);
      wake();
    });
  });
  server.listen(path);
  await once(server, 'listening');
  t.after(() => {
    link?.destroy();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder, path,
    send: (message) => void link?.write(frame(Buffer.from(JSON.stringify(message)))),
    next: async <K extends AgentMessage['kind']>(kind: K) => {
      for (;;) {
        const at = messages.findIndex((message) => message.kind === kind);
        if (at !== -1) return messages.splice(at, 1)[0] as Extract<AgentMessage, { kind: K }>;
        await new Promise<void>((resolve) => wake = resolve);
      }
    },
  };
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** The first kind of requests that are said to have ended. */
async function exposure(supervisor: FakeSupervisor): Promise<object> {
  for (;;) {
    const [first] = (await supervisor.next('counts')).exposures ?? [];
    if (first === undefined) continue;
    const { generation, lane, version, arm, of, method, status, end, requests } = first;
    return { generation, lane, version, arm, of, method, status, end, requests };
  }
}

void test('a gateway worker says hello, takes strategy and peers live, drains, and says so', { timeout: 15_000 }, async (t) => {
  const supervisor = await startSupervisor(t);
  const port = await freePort();
  const snapshot = join(supervisor.folder, 'snapshot.json');
  writeFileSync(snapshot, JSON.stringify(strategy(3, { services: SERVICES })));
  const brief: WorkerBrief = {
    wire: WIRE_VERSION, worker: 'web.gateway.1', service: 'web', version: 'gateway', role: 'stable', control: supervisor.path,
    sockets: supervisor.folder, snapshot, hold: false, undeclared: 'private',
    listeners: [{ index: 0, port, host: '127.0.0.1', fd: null }],
  };
  const worker = new GatewayWorker(brief, { pid: 1, node: 'v0', random: Math.random });
  t.after(() => worker.close());
  await worker.start();
  assert.equal((await supervisor.next('hello')).generation, 3);
  const [v1, v2] = await Promise.all([startApp(t, 'v1'), startApp(t, 'v2')]);
  const peer = (version: string, path: string) => ({ worker: version, version, listeners: [{ index: 0, protocol: 'http' as const, socket: path, port, host: null }] });
  supervisor.send({ kind: 'peers', epoch: 5, peers: [peer('v1', v1.upstream.key), peer('v2', v2.upstream.key)] });
  assert.equal((await supervisor.next('peers-ack')).epoch, 5);
  const address = { address: '127.0.0.1', family: 'IPv4', port };
  assert.equal((await ask(address, 'Cookie: beta=1\r\n')).seen?.name, 'v1');
  supervisor.send(strategy(4, { services: SERVICES, releases: [{ name: 'beta', when: [{ cookie: { beta: '1' } }], versions: { web: 'v2' } }] }));
  assert.equal((await supervisor.next('ack')).generation, 4);
  assert.equal((await ask(address, 'Cookie: beta=1\r\n')).seen?.name, 'v2');
  supervisor.send({ kind: 'ping', n: 1 });
  assert.equal((await supervisor.next('pong')).vitals.inFlight, 0);
  assert.deepEqual(await exposure(supervisor), { generation: 4, lane: 'beta', version: 'v2', arm: 'treated', of: 'beta', method: 'GET', status: 200, end: 'complete', requests: 1 });
  supervisor.send({ kind: 'drain', graceMs: 100 });
  await supervisor.next('drained');
  await assert.rejects(ask(address, ''), /ECONNREFUSED/);
});
