// An app that hangs up, or limits the requests of a connection, means the client's connection, also where it is another one.

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { body, exchange, get, open, until } from './support/exchange.ts';
import { document, Supervisor } from './support/supervisor.ts';

/** All requests go to the canary. */
async function canary(supervisor: Supervisor, env: Readonly<Record<string, string>> = {}): Promise<number> {
  const port = supervisor.port();
  await supervisor.worker({ app: 'hangups.mjs', ports: [port], env });
  await supervisor.worker({ app: 'hangups.mjs', version: 'v2', role: 'canary', ports: [port], env });
  await supervisor.introduce();
  await supervisor.publish(document([{ name: 'all', when: [{}], percent: 100, versions: { web: 'v2' } }]));
  return port;
}

/** What the client hears until its connection ends, in order or not. */
async function heard(port: number, text: string): Promise<string> {
  return await exchange({ port }, text).catch((error: unknown) => {
    assert.equal((error as NodeJS.ErrnoException).code, 'ECONNRESET');
    return '';
  });
}

describe('a canary that hangs up without an answer', () => {
  let supervisor: Supervisor;
  let port: number;
  let hangups = 0;
  before(async () => {
    supervisor = await Supervisor.start();
    port = await canary(supervisor);
  });
  after(async () => await supervisor.stop());
  for (const way of ['destroy-response', 'destroy-request', 'destroy-socket', 'end-socket', 'destroy-headed', 'destroy-begun', 'destroy-later']) {
    for (const [kind, text] of [
      ['a request', get(`/${way}`)],
      ['an upload', `POST /${way} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500000\r\n\r\n${'x'.repeat(300_000)}`],
      ['an upgrade', get(`/${way}`, { Upgrade: 'echo' }, 'Upgrade')],
    ] as const) {
      test(`${way}: ${kind} ends its client's connection, and is not sent again`, async () => {
        hangups += 1;
        assert.equal(await heard(port, text), '');
        assert.equal(body(await exchange({ port }, get('/count'))), String(hangups));
      });
    }
  }
});

/** The head of the answer to one more request. */
async function next(client: Socket): Promise<string> {
  client.write(get('/', {}, 'keep-alive'));
  return await until(client, '\r\n\r\nv2');
}

test('a limit of requests per connection counts those of each client', async (t) => {
  const supervisor = await Supervisor.start();
  t.after(async () => await supervisor.stop());
  const port = await canary(supervisor, { LIMIT: '3' });
  const clients = [open({ port }), open({ port }), open({ port })];
  t.after(() => clients.forEach((client) => client.destroy()));
  for (let request = 1; request <= 3; request += 1) {
    for (const client of clients) {
      const head = await next(client);
      assert.match(head, request < 3 ? /\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5, max=3\r\n/ : /\r\nConnection: close\r\n/, `request ${request}`);
    }
  }
  // Node says `close` and leaves it to the client; one that goes on is told again.
  for (const client of clients) {
    client.write(get('/', {}, 'keep-alive'));
    assert.match(await until(client, '0\r\n\r\n'), /HTTP\/1\.1 503 Service Unavailable\r\n/);
  }
});
