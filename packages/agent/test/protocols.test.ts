// https and HTTP/2 in all their forms: the app sees the client as if it had come directly, whoever it is.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { exchange, get } from './support/exchange.ts';
import { document, Supervisor } from './support/supervisor.ts';

const pem = (name: string): Buffer => readFileSync(join(import.meta.dirname, 'apps/tls', name));

const releases = document([{ name: 'beta', when: [{ header: { 'x-beta': '1' } }], cache: 'off', versions: { web: 'v2' } }]);

interface Answer {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly trailers: Readonly<Record<string, unknown>>;
  readonly seen: Record<string, unknown>;
}

async function pair(kind: string): Promise<{ supervisor: Supervisor; port: number }> {
  const supervisor = await Supervisor.start();
  const port = supervisor.port();
  await supervisor.worker({ app: 'protocols.mjs', ports: [port], env: { KIND: kind } });
  await supervisor.worker({ app: 'protocols.mjs', version: 'v2', role: 'canary', ports: [port], env: { KIND: kind } });
  await supervisor.introduce();
  await supervisor.publish(releases);
  return { supervisor, port };
}

async function byHttps(port: number, beta: string, more: https.RequestOptions = {}): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const request = https.request({ port, host: '127.0.0.1', servername: 'localhost', rejectUnauthorized: false, agent: false, method: 'POST', headers: { 'x-beta': beta }, ...more }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk)).on('end', () => {
        resolve({ headers: response.headers, trailers: response.trailers, seen: JSON.parse(text) as Record<string, unknown> });
      });
    });
    request.on('error', reject).end('body');
  });
}

async function byHttp2(url: string, betas: readonly string[]): Promise<Answer[]> {
  const session = http2.connect(url, { rejectUnauthorized: false });
  try {
    return await Promise.all(betas.map(async (beta) => await stream(session, beta)));
  } finally {
    session.close();
  }
}

async function stream(session: http2.ClientHttp2Session, beta: string): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const request = session.request({ ':method': 'POST', ':path': '/p?q=1', 'x-beta': beta });
    let headers = {};
    let trailers = {};
    let text = '';
    request.on('response', (got) => (headers = got)).on('trailers', (got: object) => (trailers = got)).on('error', reject);
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk)).on('end', () => {
      resolve({ headers, trailers, seen: JSON.parse(text) as Record<string, unknown> });
    });
    request.end('body');
  });
}

/** The same but for the version and the header that asked for it. */
function alike(there: Answer, here: Answer): void {
  assert.equal(there.seen['version'], 'v2');
  assert.equal(here.seen['version'], 'v1');
  const level = (text: string): unknown => JSON.parse(text.replaceAll('"v2"', '"v1"').replaceAll('"x-beta":"1"', '"x-beta":"0"').replaceAll('"x-beta","1"', '"x-beta","0"'));
  assert.deepEqual(level(JSON.stringify(there.seen)), level(JSON.stringify(here.seen)));
  const { date: thereDate, ...thereHeaders } = there.headers;
  const { date: hereDate, ...hereHeaders } = here.headers;
  assert.equal(typeof thereDate, typeof hereDate);
  assert.deepEqual(level(JSON.stringify(thereHeaders)), level(JSON.stringify(hereHeaders)));
  assert.deepEqual(there.trailers, here.trailers);
}

describe('https', () => {
  let supervisor: Supervisor;
  let port: number;
  before(async () => ({ supervisor, port } = await pair('https')));
  after(async () => await supervisor.stop());

  test('a forwarded request shows the same TLS state', async () => {
    alike(await byHttps(port, '1'), await byHttps(port, '0'));
  });

  test('a client certificate is shown on the other side', async () => {
    const mine = { key: pem('key.pem'), cert: pem('cert.pem') };
    const there = await byHttps(port, '1', mine);
    alike(there, await byHttps(port, '0', mine));
    assert.deepEqual(there.seen['subject'], { CN: 'localhost' });
    assert.equal(there.seen['authorized'], true);
  });
});

describe('HTTP/2 over TLS with HTTP/1 allowed', () => {
  let supervisor: Supervisor;
  let port: number;
  before(async () => ({ supervisor, port } = await pair('h2')));
  after(async () => await supervisor.stop());

  test('an HTTP/2 request is forwarded as HTTP/2', async () => {
    const [there, here] = await byHttp2(`https://localhost:${port}`, ['1', '0']);
    alike(there!, here!);
    assert.equal(there!.seen['http'], '2.0');
  });

  test('an HTTP/1 request of the same server is forwarded as HTTP/1', async () => {
    const there = await byHttps(port, '1');
    alike(there, await byHttps(port, '0'));
    assert.equal(there.seen['http'], '1.1');
  });
});

describe('HTTP/2 without TLS', () => {
  let supervisor: Supervisor;
  let port: number;
  before(async () => ({ supervisor, port } = await pair('h2c')));
  after(async () => await supervisor.stop());

  test('a forwarded stream shows the same', async () => {
    const [there, here] = await byHttp2(`http://localhost:${port}`, ['1', '0']);
    alike(there!, here!);
  });
});

describe('HTTP/2 streams without the compatibility layer', () => {
  let supervisor: Supervisor;
  let port: number;
  before(async () => ({ supervisor, port } = await pair('h2-raw')));
  after(async () => await supervisor.stop());

  test('streams are forwarded with body and trailers', async () => {
    const [there, here] = await byHttp2(`https://localhost:${port}`, ['1', '0']);
    alike(there!, here!);
    assert.equal(there!.trailers['x-sum'], 'true');
  });

  test('streams of one connection go to both versions at once', async () => {
    const answers = await byHttp2(`https://localhost:${port}`, ['0', '1', '0', '1', '1', '0']);
    assert.deepEqual(answers.map(({ seen }) => seen['version']), ['v1', 'v2', 'v1', 'v2', 'v2', 'v1']);
  });

  test('streams of two clients over one private connection keep their own addresses', async () => {
    const [one, two] = await Promise.all([byHttp2(`https://localhost:${port}`, ['1']), byHttp2(`https://127.0.0.1:${port}`, ['1'])]);
    assert.equal(one[0]!.seen['servername'], 'localhost');
    assert.notEqual(two[0]!.seen['servername'], 'localhost');
  });
});

test('a CommonJS app is hooked like an ES module', async (t) => {
  const supervisor = await Supervisor.start();
  t.after(async () => await supervisor.stop());
  const port = supervisor.port();
  await supervisor.worker({ app: 'common.cjs', ports: [port] });
  await supervisor.worker({ app: 'common.cjs', version: 'v2', role: 'canary', ports: [port] });
  await supervisor.introduce();
  await supervisor.publish(releases);
  assert.match(await exchange({ port }, get('/x')), /common v1 \/x$/);
  assert.match(await exchange({ port }, get('/x', { 'X-Beta': '1' })), /common v2 \/x$/);
});
