// What an app says and hears on an HTTP/2 stream is the same whether the stream was forwarded to it or not.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http2 from 'node:http2';
import { after, before, describe, test } from 'node:test';
import { document, Supervisor } from './support/supervisor.ts';

interface Outcome {
  readonly head: readonly string[];
  readonly trailers: readonly string[];
  readonly text: string;
  readonly code: number | undefined;
}

/** To the canary with `beta` 1. */
function ask(session: http2.ClientHttp2Session, path: string, beta: string): http2.ClientHttp2Stream {
  return session.request({ ':method': 'POST', ':path': path, 'x-r': ['1', '2'], cookie: ['a=1', 'b=2'], 'x-beta': beta }, { waitForTrailers: true });
}

async function outcome(session: http2.ClientHttp2Session, path: string, beta: string): Promise<Outcome> {
  const stream = ask(session, path, beta);
  let head: string[] = [];
  let trailers: string[] = [];
  let text = '';
  // The types do not know of the raw lines.
  const raw = (take: (lines: string[]) => void) => (...found: unknown[]): void => take(found[2] as string[]);
  stream.on('response', raw((lines) => (head = lines))).on('trailers', raw((lines) => (trailers = lines)));
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-t': ['1', '2'] })).on('error', () => undefined);
  stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  stream.end('body');
  await new Promise((resolve) => stream.once('close', resolve));
  return { head: head.map((line, at) => (head[at - 1] === 'date' ? 'then' : line)), trailers, text: text.replace('"x-beta","1"', '"x-beta","0"'), code: stream.rstCode };
}

/** The next bytes that come. */
async function heard(stream: http2.ClientHttp2Stream): Promise<string> {
  const [bytes] = await once(stream, 'data') as [Buffer];
  return bytes.toString();
}

async function told(session: http2.ClientHttp2Session): Promise<{ readonly streams: number; readonly reset: number | null }> {
  return JSON.parse((await outcome(session, '/told', '1')).text) as { streams: number; reset: number | null };
}

for (const listensOn of ['server', 'sessions']) describe(`streams of an app that listens on its ${listensOn}`, () => {
  let supervisor: Supervisor;
  let session: http2.ClientHttp2Session;
  before(async () => {
    supervisor = await Supervisor.start();
    const port = supervisor.port();
    const app = { app: 'streams.mjs', ports: [port], env: { LISTENS_ON: listensOn } };
    await supervisor.worker(app);
    await supervisor.worker({ ...app, version: 'v2', role: 'canary' });
    await supervisor.introduce();
    await supervisor.publish(document([{ name: 'beta', when: [{ header: { 'x-beta': '1' } }], cache: 'off', versions: { web: 'v2' } }]));
    session = http2.connect(`http://127.0.0.1:${port}`).on('error', () => undefined);
  });
  after(async () => {
    session.destroy();
    await supervisor.stop();
  });

  for (const path of ['/repeats', '/undated', '/close', '/close-11', '/refuse', '/destroy', '/fault', '/no-file', '/cut', '/half']) {
    test(`${path} ends the same, and once`, async () => {
      const { streams } = await told(session);
      assert.deepEqual(await outcome(session, path, '1'), await outcome(session, path, '0'));
      assert.equal((await told(session)).streams, streams + 1);
    });
  }

  for (const [kind, more] of [['CONNECT', {}], ['extended CONNECT', { ':protocol': 'echo', ':scheme': 'http', ':path': '/' }]] as const) {
    test(`a tunnel (${kind}) reaches the version that it is meant for, and carries bytes both ways`, { timeout: 20_000 }, async () => {
      const stream = session.request({ ':method': 'CONNECT', ':authority': 'far:443', 'x-beta': '1', ...more });
      const [head] = await once(stream, 'response') as [http2.IncomingHttpHeaders];
      assert.deepEqual([head[':status'], head['x-version']], [200, 'v2']);
      stream.write('ping');
      assert.equal(await heard(stream), 'ping');
      stream.end('pong');
      assert.equal(await heard(stream), 'pong');
      await once(stream, 'close');
      assert.equal(stream.rstCode, 0);
    });
  }

  test('an app that ends the session of one stream ends no other stream', { timeout: 20_000 }, async () => {
    const other = session.request({ ':method': 'CONNECT', ':authority': 'far:443', 'x-beta': '1' });
    await once(other, 'response');
    assert.equal((await outcome(session, '/leave', '1')).text, 'left');
    assert.equal((await outcome(session, '/destroy-session', '1')).text, '');
    other.end('ping');
    assert.equal(await heard(other), 'ping');
  });

  for (const [path, event, code] of [['/silent', 'headers', 11], ['/silent', 'headers', 0], ['/early', 'end', 0]] as const) {
    test(`an app hears that its client closed the stream with ${code} at the ${event} of ${path}`, { timeout: 20_000 }, async () => {
      const stream = ask(session, path, '1').on('error', () => undefined).resume();
      await once(stream, event);
      stream.close(code);
      let { reset } = await told(session);
      while (reset === null) ({ reset } = await told(session));
      assert.equal(reset, code);
    });
  }
});
