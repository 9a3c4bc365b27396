import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { AddressInfo } from 'node:net';
import { DEFAULT_LIMITS } from '@graylane/forward';
import { Gateway } from '../src/index.ts';
import type { GatewayOptions } from '../src/index.ts';
import { ask, seenValues, startApp, strategy } from './support.ts';

const SERVICES = { web: { stable: 'v1', versions: { v1: {}, v2: {} } } };
const BETA = { name: 'beta', when: [{ cookie: { beta: '1' } }], versions: { web: 'v2' } };

interface Started {
  readonly gateway: Gateway;
  readonly address: AddressInfo;
}

async function start(t: TestContext, document: object, extra: Partial<GatewayOptions> = {}): Promise<Started> {
  const [v1, v2] = await Promise.all([startApp(t, 'v1'), startApp(t, 'v2', { 'Cache-Control': 'public, max-age=60' })]);
  const gateway = new Gateway({
    listen: [{ port: 0, host: '127.0.0.1' }], service: 'web', stable: 'v1',
    upstreams: { v1: [v1.upstream], v2: [v2.upstream] },
    strategy: strategy(7, document), ...extra,
  });
  const [address] = await gateway.listen();
  t.after(() => gateway.close());
  return { gateway, address: address as AddressInfo };
}

void test('each user goes to their version, and the answer says so when asked to', async (t) => {
  const { address, gateway } = await start(t, { services: SERVICES, releases: [BETA], exposeRoute: true });
  const stable = await ask(address, '');
  assert.equal(stable.seen?.name, 'v1');
  assert.match(stable.head, /\r\nGraylane-Route: service=web, version=v1, gen=7/);
  const beta = await ask(address, 'Cookie: beta=1\r\n');
  assert.equal(beta.seen?.name, 'v2');
  assert.match(beta.head, /\r\nGraylane-Route: service=web, version=v2, lane=beta, gen=7/);
  assert.deepEqual(gateway.takeCounts().map(({ lane, requests }) => [lane, requests]), [[null, 1], ['beta', 1]]);
});

void test('an answer of a lane that a shared cache may store becomes private', async (t) => {
  const { address } = await start(t, { services: SERVICES, releases: [BETA] });
  const { head } = await ask(address, 'Cookie: beta=1\r\n');
  assert.match(head, /\r\nCache-Control: private, max-age=60/);
  assert.doesNotMatch(head, /public/);
});

void test('an anonymous id is minted for a navigation that a percentage decided', async (t) => {
  const ramp = { ...BETA, name: 'ramp', when: [{}], percent: 50 };
  const { address } = await start(t, { services: SERVICES, releases: [ramp] }, { random: () => 0.25 });
  const { head } = await ask(address, 'Sec-Fetch-Mode: navigate\r\n');
  assert.match(head, /\r\nSet-Cookie: graylane-id=[^;]+; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax/);
});

void test('a strategy published live holds from the next request on, an older one is ignored', async (t) => {
  const { address, gateway } = await start(t, { services: SERVICES, releases: [BETA] });
  gateway.publish(strategy(8, { services: SERVICES }));
  assert.equal((await ask(address, 'Cookie: beta=1\r\n')).seen?.name, 'v1');
  gateway.publish(strategy(7, { services: SERVICES, releases: [BETA] }));
  assert.equal((await ask(address, 'Cookie: beta=1\r\n')).seen?.name, 'v1');
  assert.equal(gateway.generation, 8);
});

void test('limits of the service hold with the strategy that says them, and no longer', async (t) => {
  const limits = { inFlight: 1, waiting: 0, responseTimeout: '50ms' };
  const { address, gateway } = await start(t, { services: { web: { ...SERVICES.web, limits } } });
  const traffic = (): number => gateway.traffic.admission.limit;
  assert.equal(traffic(), 0);
  gateway.publish(strategy(8, { services: SERVICES }));
  assert.equal(traffic(), DEFAULT_LIMITS.waitingPerGroup);
  assert.equal((await ask(address, '')).status, 200);
  gateway.publish(strategy(7, { services: { web: { ...SERVICES.web, limits } } }));
  assert.equal(traffic(), DEFAULT_LIMITS.waitingPerGroup, 'an older one says nothing any more');
});

void test('a lane without a worker falls back to stable, or is an error where its release says so', async (t) => {
  const { address, gateway } = await start(t, { services: SERVICES, releases: [BETA] });
  const { upstream } = await startApp(t, 'v1 again');
  gateway.setUpstreams({ v1: [upstream] });
  assert.equal((await ask(address, 'Cookie: beta=1\r\n')).seen?.name, 'v1 again');
  assert.ok(gateway.takeCounts().some(({ reason, lane }) => reason === 'unavailable' && lane === 'beta'));
  gateway.publish(strategy(8, { services: SERVICES, releases: [{ ...BETA, onUnavailable: 'error' }] }));
  assert.equal((await ask(address, 'Cookie: beta=1\r\n')).status, 503);
});

void test('59: an edge replaces what clients say of themselves', async (t) => {
  const { address } = await start(t, { services: SERVICES });
  const spoofed = 'X-Forwarded-For: 1.2.3.4\r\nx_forwarded_for: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nForwarded: for=1.2.3.4\r\nX-Forwarded-Port: 1\r\n';
  const reply = await ask(address, spoofed);
  assert.deepEqual(seenValues(reply, 'x-forwarded-for'), ['127.0.0.1']);
  assert.deepEqual(seenValues(reply, 'x-forwarded-proto'), ['http']);
  assert.deepEqual(seenValues(reply, 'x-forwarded-host'), ['a.example']);
  assert.deepEqual(seenValues(reply, 'forwarded'), ['for=127.0.0.1;host=a.example;proto=http']);
  assert.deepEqual([...seenValues(reply, 'x_forwarded_for'), ...seenValues(reply, 'x-forwarded-port')], []);
});

void test('59: inside, the chain of proxies goes on', async (t) => {
  const { address } = await start(t, { services: SERVICES }, { trust: 'internal' });
  const reply = await ask(address, 'X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nForwarded: for=1.2.3.4\r\n');
  assert.deepEqual(seenValues(reply, 'x-forwarded-for'), ['1.2.3.4, 127.0.0.1']);
  assert.deepEqual(seenValues(reply, 'x-forwarded-proto'), ['https']);
  assert.deepEqual(seenValues(reply, 'forwarded'), ['for=1.2.3.4, for=127.0.0.1;host=a.example;proto=http']);
});

void test('58: stamps from outside go nowhere, in any spelling', async (t) => {
  const { address } = await start(t, { services: SERVICES, releases: [BETA] });
  const reply = await ask(address, 'baggage: a=1,graylane.lane=beta, graylane.gen=9,b=2\r\nBaggage: Graylane.sig=x\r\ngraylane-hop: x\r\nGraylane_Hop: y\r\n');
  assert.equal(reply.seen?.name, 'v1');
  assert.deepEqual(seenValues(reply, 'baggage'), ['a=1,b=2']);
  assert.deepEqual([...seenValues(reply, 'graylane-hop'), ...seenValues(reply, 'graylane_hop')], []);
});

void test('fields of the connection stay on it, the ones that Connection names first', async (t) => {
  const { address } = await start(t, { services: SERVICES });
  const reply = await ask(address, 'Connection: X-Mine, Cookie, TE\r\nX-Mine: 1\r\nCookie: a=1\r\nTE: gzip, trailers\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: x\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n');
  for (const name of ['x-mine', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'upgrade', 'http2-settings']) assert.deepEqual(seenValues(reply, name), [], name);
  assert.deepEqual(seenValues(reply, 'te'), ['trailers']);
  assert.deepEqual(seenValues(reply, 'cookie'), ['a=1']);
  assert.deepEqual(seenValues(reply, 'via'), ['1.1 graylane']);
});

void test('66: a header named __proto__ is a header', async (t) => {
  const { address } = await start(t, { services: SERVICES, releases: [BETA] });
  const reply = await ask(address, '__proto__: polluted\r\nconstructor: x\r\n');
  assert.deepEqual(seenValues(reply, '__proto__'), ['polluted']);
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});

void test('a drain ends each connection with its answer and loses none', async (t) => {
  const { address, gateway } = await start(t, { services: SERVICES });
  const before = await ask(address, '');
  const drained = gateway.drain(2_000);
  assert.equal(before.status, 200);
  await assert.rejects(ask(address, ''), /ECONNREFUSED/);
  await drained;
});

void test('52: over its share of the heap it sheds with 503', async (t) => {
  const { address } = await start(t, { services: SERVICES }, { frontLimits: { heapShare: 0 } });
  const reply = await ask(address, '');
  assert.equal(reply.status, 503);
  assert.match(reply.head, /\r\nRetry-After: 1/);
});
