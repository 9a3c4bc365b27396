// A real gRPC server behind the gateway, asked by a real gRPC client: unary calls, streams in all directions, deadlines,
// cancellation, errors and metadata are as they are without it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { Gateway } from '@graylane/gateway';
import { strategy } from '../../packages/gateway/test/support.ts';

const bytes = { serialize: (value: Buffer): Buffer => value, deserialize: (value: Buffer): Buffer => value };
const method = (name: string, requestStream: boolean, responseStream: boolean): grpc.MethodDefinition<Buffer, Buffer> => ({
  path: `/test.Echo/${name}`, requestStream, responseStream,
  requestSerialize: bytes.serialize, requestDeserialize: bytes.deserialize, responseSerialize: bytes.serialize, responseDeserialize: bytes.deserialize,
});
const SERVICE = { unary: method('Unary', false, false), down: method('Down', false, true), up: method('Up', true, false), chat: method('Chat', true, true) };

interface Server {
  readonly port: number;
  /** Calls that the server saw cancelled. */
  readonly cancelled: string[];
  onCancelled: () => void;
}

async function startServer(t: TestContext, name: string): Promise<Server> {
  const state: Server = { port: 0, cancelled: [], onCancelled: () => undefined };
  const watch = (call: { on(event: 'cancelled', listener: () => void): unknown }, what: string): void => void call.on('cancelled', () => {
    state.cancelled.push(what);
    state.onCancelled();
  });
  const server = new grpc.Server();
  server.addService(SERVICE, {
    unary: (call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
      watch(call, 'unary');
      const text = call.request.toString();
      if (text === 'never') return;
      if (text === 'deny') {
        const metadata = new grpc.Metadata();
        metadata.set('x-why', 'because');
        done({ code: grpc.status.PERMISSION_DENIED, details: 'no entry', metadata });
        return;
      }
      const trailer = new grpc.Metadata();
      trailer.set('x-trailer', 'end');
      done(null, Buffer.from(`${name}:${text}:${call.metadata.get('x-user').join()}`), trailer);
    },
    down: (call: grpc.ServerWritableStream<Buffer, Buffer>) => {
      watch(call, 'down');
      for (let i = 0; i < 5; i++) call.write(Buffer.from(String(i)));
      if (call.request.toString() !== 'endless') call.end();
    },
    up: (call: grpc.ServerReadableStream<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
      const parts: string[] = [];
      call.on('data', (part: Buffer) => parts.push(part.toString()));
      call.on('end', () => done(null, Buffer.from(parts.join('+'))));
    },
    chat: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
      watch(call, 'chat');
      call.on('data', (part: Buffer) => call.write(Buffer.from(part.toString().toUpperCase())));
      call.on('end', () => call.end());
    },
  });
  const port = await new Promise<number>((resolve, reject) => server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, found) => error === null ? resolve(found) : reject(error)));
  t.after(() => server.forceShutdown());
  return Object.assign(state, { port });
}

interface Bench {
  readonly client: grpc.Client;
  readonly gateway: Gateway;
  readonly v1: Server;
}

async function start(t: TestContext): Promise<Bench> {
  const [v1, v2] = await Promise.all([startServer(t, 'v1'), startServer(t, 'v2')]);
  const upstream = (port: number): { key: string; address: { host: string; port: number }; http2: true } => ({ key: `h2c:${port}`, address: { host: '127.0.0.1', port }, http2: true });
  const gateway = new Gateway({
    listen: [{ port: 0, host: '127.0.0.1' }], service: 'echo', stable: 'v1', http2: true,
    upstreams: { v1: [upstream(v1.port)], v2: [upstream(v2.port)] },
    strategy: strategy(1, {
      services: { echo: { stable: 'v1', versions: { v1: {}, v2: {} } } },
      releases: [{ name: 'beta', when: [{ header: { 'x-user': 'beta' } }], versions: { echo: 'v2' } }],
    }),
  });
  const [address] = await gateway.listen();
  const client = new grpc.Client(`127.0.0.1:${(address as AddressInfo).port}`, grpc.credentials.createInsecure());
  t.after(() => {
    client.close();
    gateway.close();
  });
  return { client, gateway, v1 };
}

function metadata(user: string): grpc.Metadata {
  const found = new grpc.Metadata();
  found.set('x-user', user);
  return found;
}

interface Unary { readonly text: string; readonly error: grpc.ServiceError | null; readonly trailer: grpc.Metadata | null }

function unary(client: grpc.Client, text: string, user: string, options: grpc.CallOptions = {}): Promise<Unary> {
  return new Promise((resolve) => {
    let answer = '';
    let failed: grpc.ServiceError | null = null;
    const call = client.makeUnaryRequest(SERVICE.unary.path, bytes.serialize, bytes.deserialize, Buffer.from(text), metadata(user), options, (error, value) => {
      failed = error;
      answer = value?.toString() ?? '';
    });
    call.on('status', (status: grpc.StatusObject) => setImmediate(() => resolve({ text: answer, error: failed, trailer: status.metadata })));
  });
}

async function collect(call: AsyncIterable<Buffer>): Promise<string[]> {
  const parts: string[] = [];
  for await (const part of call) parts.push(part.toString());
  return parts;
}

void test('a unary call goes to the version of its user, with metadata both ways', async (t) => {
  const { client } = await start(t);
  const stable = await unary(client, 'hi', 'anna');
  assert.deepEqual([stable.text, stable.trailer?.get('x-trailer')], ['v1:hi:anna', ['end']]);
  assert.equal((await unary(client, 'hi', 'beta')).text, 'v2:hi:beta');
});

void test('an error of the server arrives as it is', async (t) => {
  const { error } = await unary((await start(t)).client, 'deny', 'anna');
  assert.deepEqual([error?.code, error?.details, error?.metadata.get('x-why')], [grpc.status.PERMISSION_DENIED, 'no entry', ['because']]);
});

void test('streams go down, up, and both ways at once', async (t) => {
  const { client } = await start(t);
  assert.deepEqual(await collect(client.makeServerStreamRequest(SERVICE.down.path, bytes.serialize, bytes.deserialize, Buffer.from('five'), metadata('anna'))), ['0', '1', '2', '3', '4']);
  const answered = Promise.withResolvers<string>();
  const up = client.makeClientStreamRequest(SERVICE.up.path, bytes.serialize, bytes.deserialize, metadata('anna'), (error, value) => error === null ? answered.resolve(String(value)) : answered.reject(error));
  for (const part of ['a', 'b', 'c']) up.write(Buffer.from(part));
  up.end();
  assert.equal(await answered.promise, 'a+b+c');
  const chat = client.makeBidiStreamRequest(SERVICE.chat.path, bytes.serialize, bytes.deserialize, metadata('anna'));
  for (const word of ['one', 'two']) {
    chat.write(Buffer.from(word));
    assert.equal(String((await once(chat, 'data'))[0]), word.toUpperCase());
  }
  chat.end();
  await once(chat, 'status');
});

void test('a deadline ends the call at both ends', async (t) => {
  const { client, v1 } = await start(t);
  const cancelled = new Promise<void>((resolve) => v1.onCancelled = resolve);
  const { error } = await unary(client, 'never', 'anna', { deadline: Date.now() + 200 });
  assert.equal(error?.code, grpc.status.DEADLINE_EXCEEDED);
  await cancelled;
  assert.deepEqual(v1.cancelled, ['unary']);
});

void test('a cancelled stream is cancelled at the server, and its place is free', async (t) => {
  const { client, v1, gateway } = await start(t);
  const cancelled = new Promise<void>((resolve) => v1.onCancelled = resolve);
  const call = client.makeServerStreamRequest(SERVICE.down.path, bytes.serialize, bytes.deserialize, Buffer.from('endless'), metadata('anna'));
  const ended = once(call, 'error');
  await once(call, 'data');
  call.cancel();
  const [error] = await ended as [grpc.ServiceError];
  assert.equal(error.code, grpc.status.CANCELLED);
  await cancelled;
  assert.equal(gateway.stats().find(({ group }) => group === 'v1')?.inFlight, 0);
});

void test('a message of two megabytes passes in both directions', async (t) => {
  const { client } = await start(t);
  const big = 'x'.repeat(2_000_000);
  assert.equal((await unary(client, big, 'anna')).text.length, big.length + 'v1::anna'.length);
});

void test('where nobody serves, a call ends as unavailable', async (t) => {
  const { client, gateway } = await start(t);
  gateway.setUpstreams({});
  assert.equal((await unary(client, 'hi', 'anna')).error?.code, grpc.status.UNAVAILABLE);
});
