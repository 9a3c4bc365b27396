// An app that hangs up, or limits the requests of a connection, means the client's connection, also where it is another one.

import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { body, exchange, get, open, rest, until } from './support/exchange.ts';
import { document, Supervisor, type WorkerOptions } from './support/supervisor.ts';

/** Bodies of timeouts.mjs. */
const SIZES = { '/large': 16_000_000, '/some': 20_000 };

/** All requests go to the canary, unless told. */
async function canary(supervisor: Supervisor, more: Partial<WorkerOptions> = {}, percent: number = 100): Promise<number> {
  const port = supervisor.port();
  const options = { app: 'hangups.mjs', ports: [port], ...more };
  await supervisor.worker(options);
  await supervisor.worker({ ...options, version: 'v2', role: 'canary' });
  await supervisor.introduce();
  await supervisor.publish(document([{ name: 'all', when: [{}], percent, versions: { web: 'v2' } }]));
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

test('a canary that was too slow for its own timeout decides what its client hears', async (t) => {
  const supervisor = await Supervisor.start();
  t.after(async () => await supervisor.stop());
  const port = await canary(supervisor, { app: 'timeouts.mjs' });
  assert.equal(body(await heard(port, get('/heard'))), 'too slow');
  assert.equal(await heard(port, get('/unheard')), '');
});

for (const [what, path, count] of [['one large answer', '/large', 1], ['many answers', '/some', 800]] as const) {
  test(`a client that takes nothing of ${what} is ended by the timeout of its server, wherever they wait`, { timeout: 20_000 }, async (t) => {
    const supervisor = await Supervisor.start();
    t.after(async () => await supervisor.stop());
    const port = await canary(supervisor, { app: 'timeouts.mjs' });
    const client = open({ port });
    t.after(() => client.destroy());
    client.write(get(path, {}, 'keep-alive').repeat(count));
    // Three of its timeouts later.
    for (let times = 0; times < 3; times += 1) assert.equal(body(await heard(port, get('/heard'))), 'too slow');
    assert.ok((await rest(client)).length < count * SIZES[path]);
  });
}

for (const percent of [0, 100]) {
  test(`with a canary at ${percent} % nothing is kept of the request of a client that left`, { timeout: 30_000 }, async (t) => {
    const supervisor = await Supervisor.start();
    t.after(async () => await supervisor.stop());
    const port = await canary(supervisor, { app: 'holding.mjs', flags: ['--expose-gc'] }, percent);
    const client = open({ port });
    client.write(get('/held'));
    await until(client, ' 102 ');
    client.destroy();
    let said = '';
    while (said !== 'let go: 1') said = body(await exchange({ port }, get('/let-go')));
  });
}

/** The head of the answer to one more request. */
async function next(client: Socket): Promise<string> {
  client.write(get('/', {}, 'keep-alive'));
  return await until(client, '\r\n\r\nv2');
}

test('a limit of requests per connection counts those of each client', async (t) => {
  const supervisor = await Supervisor.start();
  t.after(async () => await supervisor.stop());
  const port = await canary(supervisor, { env: { LIMIT: '3' } });
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
