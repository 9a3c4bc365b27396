// A real gRPC server behind the gateway, asked by a real gRPC client: unary calls, streams in all directions, deadlines,
// cancellation, errors and metadata are as they are without it, whether either side speaks TLS or not.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import type { Edge, Target } from '@graylane/gateway';
import { makeCertificate, noOpenssl, tempFolder } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { LISTENER, service, startEdge, target } from './edge-kit.ts';

/** How the client reaches the gateway and the gateway the server: by prior knowledge, or in TLS by ALPN. */
interface Way { readonly client: 'h2c' | 'tls'; readonly server: 'h2c' | 'tls' }
const WAYS: readonly Way[] = [{ client: 'h2c', server: 'h2c' }, { client: 'tls', server: 'h2c' }, { client: 'h2c', server: 'tls' }, { client: 'tls', server: 'tls' }];
const NAME = 'grpc.test';

const bytes = { serialize: (value: Buffer): Buffer => value, deserialize: (value: Buffer): Buffer => value };
const method = (name: string, requestStream: boolean, responseStream: boolean): grpc.MethodDefinition<Buffer, Buffer> => ({
  path: `/test.Echo/${name}`, requestStream, responseStream,
  requestSerialize: bytes.serialize, requestDeserialize: bytes.deserialize, responseSerialize: bytes.serialize, responseDeserialize: bytes.deserialize,
});
const SERVICE = { unary: method('Unary', false, false), down: method('Down', false, true), up: method('Up', true, false), chat: method('Chat', true, true) };

function fields(name: string, value: string): grpc.Metadata {
  const found = new grpc.Metadata();
  found.set(name, value);
  return found;
}

interface Server {
  readonly port: number;
  /** Calls that the server saw cancelled. */
  readonly cancelled: string[];
  onCancelled: () => void;
}

async function startServer(t: TestContext, name: string, certificate: Certificate | null): Promise<Server> {
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
      done(null, Buffer.from(`${name}:${text}:${call.metadata.get('x-user').join()}`), fields('x-trailer', 'end'));
    },
    down: (call: grpc.ServerWritableStream<Buffer, Buffer>) => {
      watch(call, 'down');
      for (let i = 0; i < 5; i++) call.write(Buffer.from(String(i)));
      const text = call.request.toString();
      if (text === 'broken') call.emit('error', { code: grpc.status.DATA_LOSS, details: 'the rest is lost' });
      else if (text !== 'endless') call.end(fields('x-sum', '5'));
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
  const credentials = certificate === null ? grpc.ServerCredentials.createInsecure() : grpc.ServerCredentials.createSsl(null, [{ private_key: Buffer.from(certificate.key), cert_chain: Buffer.from(certificate.cert) }]);
  const port = await new Promise<number>((resolve, reject) => server.bindAsync('127.0.0.1:0', credentials, (error, found) => error === null ? resolve(found) : reject(error)));
  t.after(() => server.forceShutdown());
  return Object.assign(state, { port });
}

interface Bench {
  readonly client: grpc.Client;
  readonly edge: Edge;
  readonly v1: Server;
}

async function start(t: TestContext, way: Way): Promise<Bench> {
  const certificate = way.client === 'tls' || way.server === 'tls' ? makeCertificate(tempFolder(t), 'server', [NAME]) : null;
  const [v1, v2] = await Promise.all(['v1', 'v2'].map(async (name) => await startServer(t, name, way.server === 'tls' ? certificate : null))) as [Server, Server];
  const at = ({ port }: Server): Target => target(port, { http2: true, tls: way.server === 'tls' && certificate !== null ? { servername: NAME, ca: certificate.certFile, identity: null } : null });
  const { edge, port } = await startGateway(t, way, certificate, { v1: [at(v1)], v2: [at(v2)] });
  const credentials = way.client === 'tls' && certificate !== null ? grpc.credentials.createSsl(Buffer.from(certificate.cert)) : grpc.credentials.createInsecure();
  const client = new grpc.Client(`127.0.0.1:${port}`, credentials, way.client === 'tls' ? { 'grpc.ssl_target_name_override': NAME } : {});
  t.after(() => client.close());
  return { client, edge, v1 };
}

async function startGateway(t: TestContext, way: Way, certificate: Certificate | null, versions: Readonly<Record<string, readonly Target[]>>): Promise<{ readonly edge: Edge; readonly port: number }> {
  const tls = way.client === 'tls' && certificate !== null ? { certificates: [{ cert: certificate.certFile, key: certificate.keyFile }], minVersion: 'TLSv1.2' as const, clientCa: null } : null;
  const { edge, ports: [port = 0] } = await startEdge(t, { services: [service('echo', versions)], listeners: [{ ...LISTENER, tls }] }, {}, {
    services: { echo: { stable: 'v1', versions: { v1: {}, v2: {} } } },
    releases: [{ name: 'beta', when: [{ header: { 'x-user': 'beta' } }], versions: { echo: 'v2' } }],
  });
  return { edge, port };
}

function metadata(user: string): grpc.Metadata {
  return fields('x-user', user);
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

/** Declares the test once per way. */
function overWays(name: string, body: (bench: Bench) => Promise<void>): void {
  for (const way of WAYS) {
    const skip = (way.client === 'tls' || way.server === 'tls') && noOpenssl;
    void test(`${name} (${way.client} to ${way.server})`, { skip, timeout: 20_000 }, async (t) => await body(await start(t, way)));
  }
}

async function collect(call: AsyncIterable<Buffer>): Promise<string[]> {
  const parts: string[] = [];
  for await (const part of call) parts.push(part.toString());
  return parts;
}

overWays('a unary call goes to the version of its user, with metadata both ways', async ({ client }) => {
  const stable = await unary(client, 'hi', 'anna');
  assert.deepEqual([stable.text, stable.trailer?.get('x-trailer')], ['v1:hi:anna', ['end']]);
  assert.equal((await unary(client, 'hi', 'beta')).text, 'v2:hi:beta');
});

overWays('an error of the server arrives as it is', async ({ client }) => {
  const { error } = await unary(client, 'deny', 'anna');
  assert.deepEqual([error?.code, error?.details, error?.metadata.get('x-why')], [grpc.status.PERMISSION_DENIED, 'no entry', ['because']]);
});

overWays('streams go down, up, and both ways at once', async ({ client }) => {
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

interface Ended { readonly parts: readonly string[]; readonly status: grpc.StatusObject }

/** All messages of a stream and how it ended. */
async function ended(client: grpc.Client, text: string, options: grpc.CallOptions = {}): Promise<Ended> {
  const parts: string[] = [];
  const call = client.makeServerStreamRequest(SERVICE.down.path, bytes.serialize, bytes.deserialize, Buffer.from(text), metadata('anna'), options);
  call.on('data', (part: Buffer) => parts.push(part.toString())).on('error', () => undefined);
  const status = await new Promise<grpc.StatusObject>((resolve) => void call.once('status', resolve));
  return { parts, status };
}

overWays('a stream ends with its messages, its status and its trailers', async ({ client }) => {
  const whole = await ended(client, 'five');
  assert.deepEqual([whole.parts.length, whole.status.code, whole.status.metadata.get('x-sum')], [5, grpc.status.OK, ['5']]);
  const broken = await ended(client, 'broken');
  assert.deepEqual([broken.parts.length, broken.status.code, broken.status.details], [5, grpc.status.DATA_LOSS, 'the rest is lost']);
});

overWays('a deadline ends a stream at both ends', async ({ client, v1, edge }) => {
  const cancelled = new Promise<void>((resolve) => v1.onCancelled = resolve);
  const { parts, status } = await ended(client, 'endless', { deadline: Date.now() + 500 });
  assert.deepEqual([parts.length, status.code], [5, grpc.status.DEADLINE_EXCEEDED]);
  await cancelled;
  assert.equal(edge.traffic().inFlight, 0);
});

overWays('a deadline ends the call at both ends', async ({ client, v1 }) => {
  const cancelled = new Promise<void>((resolve) => v1.onCancelled = resolve);
  const { error } = await unary(client, 'never', 'anna', { deadline: Date.now() + 200 });
  assert.equal(error?.code, grpc.status.DEADLINE_EXCEEDED);
  await cancelled;
  assert.deepEqual(v1.cancelled, ['unary']);
});

overWays('a cancelled stream is cancelled at the server, and its place is free', async ({ client, v1, edge }) => {
  const cancelled = new Promise<void>((resolve) => v1.onCancelled = resolve);
  const call = client.makeServerStreamRequest(SERVICE.down.path, bytes.serialize, bytes.deserialize, Buffer.from('endless'), metadata('anna'));
  const ended = once(call, 'error');
  await once(call, 'data');
  call.cancel();
  const [error] = await ended as [grpc.ServiceError];
  assert.equal(error.code, grpc.status.CANCELLED);
  await cancelled;
  assert.equal(edge.traffic().inFlight, 0);
});

overWays('a message of two megabytes passes in both directions', async ({ client }) => {
  const big = 'x'.repeat(2_000_000);
  assert.equal((await unary(client, big, 'anna')).text.length, big.length + 'v1::anna'.length);
});

void test('where nobody serves, a call ends as unavailable', { timeout: 20_000 }, async (t) => {
  const { port } = await startGateway(t, { client: 'h2c', server: 'h2c' }, null, { v1: [] });
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  t.after(() => client.close());
  assert.equal((await unary(client, 'hi', 'anna')).error?.code, grpc.status.UNAVAILABLE);
});
