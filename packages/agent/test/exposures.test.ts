// What a stable worker counts of the requests that came in at it: each one once, as its client saw it end.

import assert from 'node:assert/strict';
import * as http2 from 'node:http2';
import { after, before, describe, test } from 'node:test';
import { bucketOf } from '@graylane/rules';
import type { CountsMessage, Exposure, UsersSeen } from '@graylane/wire';
import { exchange, get, open, until } from './support/exchange.ts';
import { document, Supervisor, type Worker } from './support/supervisor.ts';

/** Everybody with the header counts, by user; half of them are in. */
const half = document([{ name: 'beta', percent: 50, stickyBy: ['tag:user'], when: [{ header: { 'x-app': 'web' } }], cache: 'off', versions: { web: 'v2' } }], { tags: { user: { header: 'x-user' } } });

const userIn = (inside: boolean): string => Array.from({ length: 100 }, (_, i) => `user-${i}`).find((user) => (bucketOf('beta', user) < 500_000) === inside) ?? '';
const TREATED = userIn(true);
const CONTROL = userIn(false);

/** Since the last time this worker was asked; resolves when `requests` have ended. */
class Tally {
  readonly #worker: Worker;
  readonly #supervisor: Supervisor;
  #read = 0;
  constructor(supervisor: Supervisor, worker: Worker) {
    this.#supervisor = supervisor;
    this.#worker = worker;
  }

  async next(requests: number): Promise<{ exposures: Exposure[]; users: UsersSeen[]; seqs: number[] }> {
    // A worker sends what it has before it takes a strategy; what ends later comes within a second.
    await this.#supervisor.repeat();
    const fresh = (): CountsMessage[] => this.#worker.of('counts').slice(this.#read);
    const ended = (): number => fresh().flatMap(({ exposures = [] }) => exposures).filter(({ again }) => again !== true).reduce((sum, one) => sum + one.requests, 0);
    await this.#worker.until(`${requests} requests that ended`, () => ended() >= requests);
    assert.equal(ended(), requests);
    const messages = fresh();
    this.#read += messages.length;
    return { exposures: messages.flatMap(({ exposures = [] }) => exposures), users: messages.flatMap(({ users = [] }) => users), seqs: messages.map(({ seq = NaN }) => seq) };
  }
}

const facts = ({ exposures }: { readonly exposures: readonly Exposure[] }): unknown[] =>
  exposures.map(({ version, lane, arm, of, method, status, end, requests }) => ({ version, lane, arm, of, method, status, end, requests }));

async function leave(port: number, path: string, user: string, after: string): Promise<void> {
  const socket = open({ port });
  socket.write(get(path, { 'x-app': 'web', 'x-user': user }, 'keep-alive'));
  if (after !== '') await until(socket, after);
  socket.resetAndDestroy();
}

describe('how requests ended', () => {
  let supervisor: Supervisor;
  let stable: Worker;
  let canary: Worker;
  let tally: Tally;
  let port: number;
  before(async () => {
    supervisor = await Supervisor.start();
    port = supervisor.port();
    stable = await supervisor.worker({ app: 'outcomes.mjs', ports: [port] });
    canary = await supervisor.worker({ app: 'outcomes.mjs', version: 'v2', role: 'canary', ports: [port] });
    await supervisor.introduce();
    await supervisor.publish(half);
    tally = new Tally(supervisor, stable);
  });
  after(async () => await supervisor.stop());

  const ask = async (path: string, user: string): Promise<string> => await exchange({ port }, get(path, { 'x-app': 'web', 'x-user': user }));
  const treated = { version: 'v2', lane: 'beta', arm: 'treated', of: 'beta', method: 'GET', requests: 1 };
  const control = { version: 'v1', lane: null, arm: 'control', of: 'beta', method: 'GET', requests: 1 };

  test('in both arms, with the bucket of the user', async () => {
    await ask('/', TREATED);
    await ask('/', CONTROL);
    const counted = await tally.next(2);
    assert.deepEqual(facts(counted), [{ ...treated, status: 200, end: 'complete' }, { ...control, status: 200, end: 'complete' }]);
    assert.deepEqual(counted.users.map(({ of, arm, seen, bad, slow }) => ({ of, arm, seen, bad, slow })), [
      { of: 'beta', arm: 'treated', seen: [bucketOf('beta', TREATED)], bad: [], slow: [] },
      { of: 'beta', arm: 'control', seen: [bucketOf('beta', CONTROL)], bad: [], slow: [] },
    ]);
  });

  test('a request of no release is counted without an arm or a user', async () => {
    await exchange({ port }, get('/status/404'));
    const counted = await tally.next(1);
    assert.deepEqual(facts(counted), [{ ...control, arm: null, of: null, status: 404, end: 'complete' }]);
    assert.deepEqual(counted.users, []);
  });

  test('requests of one kind are one line, whose durations add up to them', async () => {
    for (let i = 0; i < 20; i++) await ask('/', CONTROL);
    const { exposures } = await tally.next(20);
    assert.equal(exposures.flatMap(({ latency }) => latency).reduce((sum, count) => sum + count, 0), 20);
    assert.ok(exposures.every(({ seconds }) => seconds > 0 && seconds < 20));
  });

  for (const [arm, user, kind] of [['treated', TREATED, treated], ['control', CONTROL, control]] as const) {
    test(`${arm}: a server error makes the user a bad one`, async () => {
      await ask('/status/503', user);
      const counted = await tally.next(1);
      assert.deepEqual(facts(counted), [{ ...kind, status: 503, end: 'complete' }]);
      assert.deepEqual(counted.users[0]?.bad, [bucketOf('beta', user)]);
    });

    test(`${arm}: an answer that breaks off is aborted`, async () => {
      await ask('/broken', user);
      assert.deepEqual(facts(await tally.next(1)), [{ ...kind, status: 200, end: 'aborted' }]);
    });

    test(`${arm}: a client that leaves before any answer`, async () => {
      await leave(port, '/never', user, '');
      assert.deepEqual(facts(await tally.next(1)), [{ ...kind, status: 0, end: 'aborted' }]);
    });

    test(`${arm}: leaving a stream of events is its end`, async () => {
      await leave(port, '/events', user, 'data: 1');
      assert.deepEqual(facts(await tally.next(1)), [{ ...kind, status: 200, end: 'complete' }]);
    });

    test(`${arm}: pipelined requests are counted one by one, and so is one whose turn never came`, async () => {
      const socket = open({ port });
      const line = { 'x-app': 'web', 'x-user': user };
      socket.write(get('/', line, 'keep-alive') + get('/never', line, 'keep-alive') + get('/', line, 'keep-alive'));
      await until(socket, kind.version);
      socket.resetAndDestroy();
      const ends = (await tally.next(3)).exposures.flatMap(({ end, requests }) => new Array<string>(requests).fill(end));
      assert.deepEqual(ends.sort(), ['aborted', 'aborted', 'complete']);
    });
  }

  test('a canary that is gone: its requests still count for its arm, with the version that served', async () => {
    await supervisor.introduce([stable]);
    await ask('/', TREATED);
    assert.deepEqual(facts(await tally.next(1)), [{ ...treated, version: 'v1', status: 200, end: 'complete' }]);
    await supervisor.introduce();
  });

  test('only the process counts that the client spoke to', () => assert.deepEqual(canary.of('counts'), []));

  test('messages are numbered without a gap, so that none is added twice', () => {
    const seqs = stable.of('counts').map(({ seq }) => seq);
    assert.deepEqual(seqs, seqs.map((_, i) => i + 1));
  });

  test('a release at 0 % has no control arm yet', async () => {
    await supervisor.publish(document([{ name: 'beta', percent: 0, stickyBy: ['tag:user'], when: [{}], cache: 'off', versions: { web: 'v2' } }], { tags: { user: { header: 'x-user' } } }));
    await ask('/', CONTROL);
    const counted = await tally.next(1);
    assert.deepEqual(facts(counted), [{ ...control, arm: null, of: null, status: 200, end: 'complete' }]);
    assert.deepEqual(counted.users, []);
  });

  test('out of two releases, a request is control of both and one request in total', async () => {
    const release = (name: string, priority: number): object => ({ name, priority, percent: 0.0001, stickyBy: ['tag:user'], when: [{}], cache: 'off', versions: { web: name === 'a' ? 'v2' : 'v3' } });
    await supervisor.publish(document([release('a', 1), release('b', 2)] as never, { tags: { user: { header: 'x-user' } } }));
    await ask('/', CONTROL);
    const { exposures, users } = await tally.next(1);
    assert.deepEqual(exposures.map(({ of, again }) => [of, again]), [['a', undefined], ['b', true]]);
    assert.deepEqual(users.map(({ of, seen }) => [of, seen]), [['a', [bucketOf('a', CONTROL)]], ['b', [bucketOf('b', CONTROL)]]]);
  });

  test('without a supervisor counts wait, and are sent to the next one', async () => {
    await supervisor.publish(half);
    await supervisor.silence();
    for (let i = 0; i < 5; i++) await ask('/', CONTROL);
    await supervisor.listen();
    await Promise.all([stable, canary].map((worker) => worker.until('hello to the next one', () => worker.of('hello').length > 1)));
    assert.deepEqual(facts(await tally.next(5)), [{ ...control, requests: 5, status: 200, end: 'complete' }]);
  });

  test('with no release nothing is counted', async () => {
    await supervisor.publish(document());
    await ask('/', CONTROL);
    const before = stable.of('counts').length;
    await stable.until('the decision itself', () => stable.of('counts').length > before || stable.of('counts').at(-1)?.counts[0]?.reason === 'no-release');
    assert.deepEqual(stable.of('counts').at(-1)?.exposures, []);
  });
});

test('HTTP/2 streams are counted as they end', async () => {
  const supervisor = await Supervisor.start();
  const port = supervisor.port();
  const stable = await supervisor.worker({ app: 'outcomes.mjs', ports: [port], env: { KIND: 'h2c' } });
  await supervisor.worker({ app: 'outcomes.mjs', version: 'v2', role: 'canary', ports: [port], env: { KIND: 'h2c' } });
  await supervisor.introduce();
  await supervisor.publish(half);
  const session = http2.connect(`http://127.0.0.1:${port}`);
  const ask = async (path: string, user: string): Promise<void> => await new Promise((resolve) => {
    const stream = session.request({ ':path': path, 'x-app': 'web', 'x-user': user });
    stream.on('response', () => { if (path === '/silent') stream.close(http2.constants.NGHTTP2_CANCEL); });
    stream.on('error', () => undefined).on('close', resolve).resume();
  });
  for (const user of [TREATED, CONTROL]) for (const path of ['/', '/status/500', '/silent']) await ask(path, user);
  const counted = await new Tally(supervisor, stable).next(6);
  assert.deepEqual(counted.exposures.map(({ arm, status, end }) => `${arm ?? ''} ${status} ${end}`).sort(), [
    'control 200 aborted', 'control 200 complete', 'control 500 complete', 'treated 200 aborted', 'treated 200 complete', 'treated 500 complete',
  ]);
  session.destroy();
  await supervisor.stop();
});
