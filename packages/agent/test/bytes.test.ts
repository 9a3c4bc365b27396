// The same raw bytes to a bare app, to one with the agent, and through it to another process: the answers must not differ.

import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { exchange, undated } from './support/exchange.ts';
import { document, Supervisor } from './support/supervisor.ts';

const request = (method: string, path: string, lines: readonly string[] = [], body = ''): string =>
  [`${method} ${path} HTTP/1.1`, 'Host: localhost', ...lines, '', body].join('\r\n');
const last = 'Connection: close';

interface Case {
  readonly name: string;
  readonly bytes: string;
  /** The client says no more, and waits. */
  readonly halfClose?: true;
}

const cases: readonly Case[] = [
  ...['length', 'chunked', 'raw', 'nothing', 'unchanged', 'trailers', 'early', 'big', 'events', 'closing', 'missing'].flatMap((path): Case[] => [
    { name: `GET /${path}, closing`, bytes: request('GET', `/${path}`, [last]) },
    { name: `GET /${path}, keep-alive`, bytes: request('GET', `/${path}`) + request('GET', '/length', [last]) },
    { name: `HEAD /${path}`, bytes: request('HEAD', `/${path}`) + request('GET', '/length', [last]) },
  ]),
  { name: 'HTTP/1.0', bytes: 'GET /chunked HTTP/1.0\r\n\r\n' },
  { name: 'HTTP/1.0 with keep-alive', bytes: `GET /length HTTP/1.0\r\nConnection: keep-alive\r\n\r\n${request('GET', '/length', [last])}` },
  { name: 'HTTP/1.0, chunked answer, with keep-alive', bytes: 'GET /chunked HTTP/1.0\r\nConnection: keep-alive\r\n\r\n' },
  { name: 'a body with a length', bytes: request('POST', '/echo', ['Content-Length: 5', last], 'abcde') },
  { name: 'a chunked body with trailers', bytes: request('POST', '/echo', ['Transfer-Encoding: chunked', 'Trailer: x-t', last], '3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nX-T: 1\r\n\r\n') },
  { name: 'a body of 200 kB', bytes: request('PUT', '/echo', ['Content-Length: 200000', last], 'abcdefghij'.repeat(20_000)) },
  { name: 'GET with a body', bytes: request('GET', '/echo', ['Content-Length: 3', last], 'abc') },
  { name: 'DELETE with a chunked body', bytes: request('DELETE', '/echo', ['Transfer-Encoding: chunked', last], '3\r\nabc\r\n0\r\n\r\n') },
  { name: 'POST without a body', bytes: request('POST', '/echo', ['Content-Length: 0', last]) },
  { name: 'header lines: order, case, repeats, empty, latin1', bytes: request('GET', '/echo', ['X-Z: 1', 'x-a: 2', 'X-Z: 3', 'Cookie: a=1', 'Cookie: b=2', 'X-Empty:', 'X-Latin: \xe9\xff', 'Connection: close, X-Z']) },
  { name: 'a header that looks like ours', bytes: request('GET', '/echo', ['graylane-hop: 1.2.3.4 1 2 3 s 9 lane id', last]) },
  { name: '100-continue', bytes: request('POST', '/echo', ['Expect: 100-continue', 'Content-Length: 3', last], 'abc') },
  { name: 'an expectation that nobody meets', bytes: request('POST', '/echo', ['Expect: 200-nothing', 'Content-Length: 0', last]) },
  { name: 'an early refusal', bytes: request('POST', '/refuse', ['Content-Length: 3'], 'abc') },
  { name: 'five pipelined requests', bytes: ['length', 'chunked', 'raw', 'trailers'].map((path) => request('GET', `/${path}`)).join('') + request('GET', '/length', [last]) },
  { name: 'an absolute target', bytes: request('GET', 'http://localhost/length', [last]) },
  { name: 'OPTIONS *', bytes: request('OPTIONS', '*', [last]) },
  { name: 'an answer that is cut off', bytes: request('GET', '/cut', [last]) },
  { name: 'an upgrade with bytes behind the head', bytes: request('GET', '/', ['Connection: Upgrade', 'Upgrade: echo'], 'early bytes'), halfClose: true },
  { name: 'a request and the end', bytes: request('GET', '/length'), halfClose: true },
  { name: 'three pipelined requests and the end', bytes: ['length', 'chunked', 'raw'].map((path) => request('GET', `/${path}`)).join(''), halfClose: true },
  { name: 'no Host', bytes: 'GET /length HTTP/1.1\r\n\r\n' },
  { name: 'no HTTP', bytes: 'hello\r\n\r\n' },
];

describe('raw bytes', () => {
  let supervisor: Supervisor;
  let bare: ChildProcess;
  let barePort: number;
  let port: number;
  before(async () => {
    supervisor = await Supervisor.start();
    barePort = await freePort();
    bare = spawn(process.execPath, [join(import.meta.dirname, 'apps/bytes.mjs')], { env: { ...process.env, PORT: String(barePort), NODE_OPTIONS: '' }, stdio: 'ignore' });
    port = supervisor.port();
    await supervisor.worker({ app: 'bytes.mjs', ports: [port] });
    await supervisor.worker({ app: 'bytes.mjs', version: 'v2', role: 'canary', ports: [port] });
    await supervisor.introduce();
    await accepts(barePort);
  });
  after(async () => {
    bare.kill('SIGKILL');
    await supervisor.stop();
  });

  for (const share of [0, 100]) {
    describe(`at ${share} %`, () => {
      before(async () => {
        await supervisor.publish(document([{ name: 'all', when: [{}], percent: share, cache: 'off', versions: { web: 'v2' } }]));
      });
      for (const { name, bytes, halfClose = false } of cases) {
        test(name, async () => {
          assert.equal(await answer(port, bytes, halfClose), await answer(barePort, bytes, halfClose));
        });
      }
    });
  }
});

/** What comes back, with what is known to differ made equal. */
async function answer(port: number, bytes: string, halfClose: boolean): Promise<string> {
  return undated(await exchange({ port }, bytes, halfClose));
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function accepts(port: number): Promise<void> {
  const { connect } = await import('node:net');
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      }).once('error', () => resolve(false));
    });
    if (open) return;
  }
}
