// The `gateway` section of a config file: every fault is reported at once, with its place, its cause in words, and what to do.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gatewayPlan } from '../src/config/gateway/section.ts';
import type { GatewayPlan } from '../src/config/gateway/section.ts';
import { targetOf } from '../src/config/gateway/targets.ts';
import { checkStrategy } from '../src/config/strategy.ts';
import { Failure } from '../src/print/failure.ts';

const SERVICES = { web: { listen: 8080, stable: 'v1', versions: { v1: { upstreams: ['http://127.0.0.1:3000'] }, v2: { upstreams: ['h2c://app.test:50051', '/run/app.sock'] } }, limits: { inFlight: 7, wait: '2s', headerLines: 50 } } };

function planOf(section: unknown, services: object = SERVICES): GatewayPlan {
  const { document } = checkStrategy({ services }, { runnable: false });
  return gatewayPlan({ document, section, base: '/etc/graylane', place: (pointer) => ({ file: 'graylane.config.yaml', pointer }) });
}

function check(name: string, section: unknown, expected: readonly (readonly [string, RegExp])[], services: object = SERVICES): void {
  void test(name, () => {
    assert.throws(() => planOf(section, services), (error) => {
      assert.ok(error instanceof Failure);
      assert.deepEqual(error.problems.map(({ place }) => place?.pointer), expected.map(([pointer]) => pointer));
      for (const [i, [, said]] of expected.entries()) assert.match(`${error.problems[i]?.message} · ${error.problems[i]?.fix}`, said);
      return true;
    });
  });
}

void test('without a section each service listens where it says, and everything has its default', () => {
  const { edge, places, workers } = planOf(undefined);
  assert.deepEqual([places, workers], [[{ host: null, port: 8080 }], 1]);
  assert.deepEqual(edge.listeners, [{ place: { slot: 0 }, tls: null, http2: true, proxyProtocol: null, service: 'web' }]);
  assert.deepEqual(edge.limits, { headerLines: 50 });
  assert.equal(edge.services[0]?.health?.path, null);
});

void test('a section says everything else, and its files are those beside it', () => {
  const { edge, places, workers, drainMs } = planOf({
    workers: 4, drainTimeout: '5s', accessLog: './access.log', health: '/healthz', dns: { servers: ['127.0.0.1:5353'] },
    listeners: [{ listen: '127.0.0.1:80', proxyProtocol: ['10.0.0.0/8'] }, { listen: './edge.sock', http2: false, service: 'web' }],
    services: { web: { health: { interval: '500ms' }, mirrors: [{ to: 'v2', percent: 10, bodyBytes: '64KB' }] } },
  });
  assert.deepEqual([workers, drainMs, edge.accessLog, edge.dnsServers], [4, 5_000, '/etc/graylane/access.log', ['127.0.0.1:5353']]);
  assert.deepEqual(places, [{ host: '127.0.0.1', port: 80 }]);
  assert.deepEqual(edge.listeners.map(({ place, proxyProtocol, http2 }) => [place, proxyProtocol, http2]), [[{ slot: 0 }, ['10.0.0.0/8'], true], [{ path: '/etc/graylane/edge.sock' }, null, false]]);
  const [web] = edge.services;
  assert.deepEqual([web?.health?.path, web?.health?.intervalMs, web?.mirrors[0]?.percent, web?.mirrors[0]?.bodyBytes], ['/healthz', 500, 10, 65_536]);
});

check('keys that nobody knows are named with the one that was meant', { worker: 2, listeners: [{ listen: 80, Tls: {} }] }, [
  ['/gateway/worker', /`worker` is not a key of gateway · did you mean `workers`\?/],
  ['/gateway/listeners/0/Tls', /`Tls` is not a key of a listener · did you mean `tls`\?/],
]);

check('wrong values say what they are and what to write', { workers: 0, drainTimeout: 'soon', accessLog: 5, health: { path: 'healthz', healthyAfter: 1.5 } }, [
  ['/gateway/health/path', /"healthz" is no path · begin it with \//],
  ['/gateway/health/healthyAfter', /healthyAfter is 1.5 · write a whole number from 1 to 100/],
  ['/gateway/workers', /workers is 0 · write a whole number from 1 to 256/],
  ['/gateway/drainTimeout', /drainTimeout is "soon" · write a duration/],
  ['/gateway/accessLog', /accessLog is 5/],
]);

check('what is not there is said with what is', { listeners: [{ listen: 80, service: 'shop' }], services: { shop: {}, web: { mirrors: [{ to: 'v9' }] } } }, [
  ['/gateway/services/shop', /there is no service shop · name one of: web/],
  ['/gateway/services/web/mirrors/0/to', /web has no version v9 · name one of: v1, v2/],
  ['/gateway/listeners/0/service', /there is no service shop/],
]);

check('certificates that cannot be used are found before anything starts', { listeners: [{ listen: 443, tls: { certificates: [{ cert: 'none.pem', key: 'none.key' }] } }, { listen: 443, tls: {} }] }, [
  ['/gateway/listeners/0/tls/certificates/0/cert', /\/etc\/graylane\/none.pem cannot be read/],
  ['/gateway/listeners/1/tls', /TLS without certificates/],
  ['/gateway/listeners/1/listen', /two listeners have the port 443/],
]);

check('networks, name servers and places that are none', { listeners: [{ listen: 'here', proxyProtocol: ['10.0.0.0/99'] }], dns: { servers: ['dns.test'] } }, [
  ['/gateway/listeners/0/listen', /"here" is no place to listen on/],
  ['/gateway/listeners/0/proxyProtocol/0', /"10.0.0.0\/99" is no network/],
  ['/gateway/dns/servers/0', /"dns.test" is no name server/],
]);

check('upstreams are faults of the strategy, at their place there', undefined, [
  ['/services/web/versions/v1/upstreams/0', /"ftp:\/\/a" is no upstream/],
  ['/services/web/versions/v2', /version v2 of web has no upstreams/],
], { web: { listen: 80, stable: 'v1', versions: { v1: { upstreams: ['ftp://a'] }, v2: {} } } });

check('a service without a port needs a listener', undefined, [['/services/web', /a gateway for web needs to know its port/]], { web: { stable: 'v1', versions: { v1: { upstreams: ['a:1'] } } } });

const TARGETS: readonly (readonly [string, unknown])[] = [
  ['127.0.0.1:3000', ['127.0.0.1', 3000, false, null]], ['app', ['app', 80, false, null]], ['http://app', ['app', 80, false, null]], ['http://[::1]:81/', ['::1', 81, false, null]],
  ['https://app.test', ['app.test', 443, false, 'app.test']], ['h2c://app:50051', ['app', 50_051, true, null]], ['h2://app.test', ['app.test', 443, true, 'app.test']],
  ['grpc://app:1', ['app', 1, true, null]], ['unix:/run/a.sock', ['/run/a.sock', false]], ['h2c+unix:/run/a.sock', ['/run/a.sock', true]],
  ['http://app:80', ['app', 80, false, null]], ['https://app:80', ['app', 80, false, 'app']],
  ['http://app/path', null], ['http://u@app', null], ['ws://app', null], ['', null], ['http://', null],
];

for (const [text, expected] of TARGETS) {
  void test(`upstream ${JSON.stringify(text)}`, () => {
    const found = targetOf(text, {});
    assert.deepEqual(found === null ? null : 'path' in found.place ? [found.place.path, found.http2] : [found.place.host, found.place.port, found.http2, found.tls?.servername ?? null], expected);
  });
}
