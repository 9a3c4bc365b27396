// What `headers` of a lean request say is what Node's own say, whoever asks and in whatever way.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http from 'node:http';
import * as net from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { LeanRequest } from '../src/lean-request.ts';

/** What a server whose requests are of this class reads of `lines`. */
async function read(t: TestContext, kind: typeof http.IncomingMessage, lines: string, look: (headers: http.IncomingHttpHeaders) => unknown): Promise<unknown> {
  const server = http.createServer({ IncomingMessage: kind, requireHostHeader: false });
  const seen = new Promise((resolve) => {
    const answer = (req: http.IncomingMessage, res: http.ServerResponse): void => {
      resolve(look(req.headers));
      res.end();
    };
    server.on('request', answer);
    server.on('checkContinue', answer);
    server.on('checkExpectation', answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
  t.after(() => {
    socket.destroy();
    server.close();
  });
  socket.write(`GET / HTTP/1.1\r\n${lines}\r\n`);
  return await seen;
}

const ways: Readonly<Record<string, (headers: http.IncomingHttpHeaders) => unknown>> = {
  'name by name': (headers) => ['host', 'expect', 'upgrade', 'cookie', 'x-a', 'set-cookie', '__proto__', 'toString'].map((name) => headers[name]),
  'as a list': (headers) => Object.entries(headers),
  'as a copy': (headers) => ({ ...headers }),
  'as text': (headers) => JSON.stringify(headers),
  'by presence': (headers) => ['host', 'cookie', 'x-a', 'expect', 'toString'].map((name) => [name in headers, Object.hasOwn(headers, name)]),
};

const heads: Readonly<Record<string, string>> = {
  'no lines': '',
  'an empty Host': 'Host:\r\n',
  'several of most': 'Host: a\r\nHOST: b\r\nCookie: x=1\r\ncookie: y=2\r\nX-A: 1\r\nx-a: 2\r\nSet-Cookie: z\r\nUser-Agent: u\r\nUser-Agent: v\r\n',
  'Expect and an upgrade to nothing': 'Host: a\r\nExpect: 100-continue\r\nUpgrade: x\r\n',
  'another expectation': 'Host: a\r\nexpect: miracles\r\n',
  'names of objects': 'Host: a\r\nconstructor: c\r\ntoString: t\r\n',
};

for (const [title, lines] of Object.entries(heads)) {
  void test(`a lean request with ${title} reads as Node's`, { timeout: 10_000 }, async (t) => {
    for (const [way, look] of Object.entries(ways)) assert.deepEqual(await read(t, LeanRequest, lines, look), await read(t, http.IncomingMessage, lines, look), way);
  });
}
