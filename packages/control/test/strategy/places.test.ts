// Where a strategy may not send anybody (faults 62): metadata services in every notation, and the control API itself.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StrategyDocument } from '@graylane/rules';
import { ControlError } from '../../src/problem.ts';
import { NO_OWN_PLACES, refusePlaces } from '../../src/strategy/places.ts';
import type { Places } from '../../src/strategy/places.ts';
import { openWorld, withRelease } from '../plane/world.ts';

const own: Places = { own: ['/run/graylane/api.sock', '127.0.0.1:7400', 'api.example:7400'], allowsLinkLocal: false };

function check(text: string, places: Places): readonly string[] {
  const document: StrategyDocument = { services: { web: { stable: 'v1', versions: { v1: { upstreams: ['10.0.0.1:80', text] } } } }, prometheus: { url: text } };
  try {
    refusePlaces(document, places);
    return [];
  } catch (error) {
    assert.ok(error instanceof ControlError);
    assert.equal(error.code, 'GL3024');
    return (error.details.errors ?? []).map(({ pointer }) => pointer);
  }
}

describe('a strategy may not send anybody to', () => {
  for (const text of ['http://169.254.169.254/', '169.254.169.254:80', 'https://169.254.0.1', 'http://2852039166', 'http://0xA9FEA9FE', 'http://0251.0376.0251.0376', 'http://[fe80::1]:80', 'h2c://[fd00:ec2::254]', 'http://[::ffff:169.254.169.254]', 'http://metadata.google.internal', 'http://metadata.google.internal.', 'http://100.100.100.200', 'http://instance-data', 'http://METADATA.google.internal', 'http://127.0.0.1:7400', 'http://2130706433:7400', 'https://API.example:7400', 'h2://api.example:7400', 'grpc://169.254.169.254:80']) {
    it(text, () => assert.deepEqual(check(text, own), ['/prometheus/url', '/services/web/versions/v1/upstreams/1']));
  }
  for (const text of ['unix:/run/graylane/api.sock', '/run/graylane/api.sock', 'h2c+unix:/run/graylane/api.sock']) {
    it(text, () => assert.deepEqual(check(text, own), ['/prometheus/url', '/services/web/versions/v1/upstreams/1']));
  }
});

describe('a strategy may send somebody to', () => {
  for (const text of ['http://10.0.0.1:9090', 'http://127.0.0.1:9090', 'http://prometheus:9090', '/run/app.sock', 'https://[fd00::1]:443', 'http://169.253.1.1']) {
    it(text, () => assert.deepEqual(check(text, own), []));
  }
  it('a link-local address where that is allowed', () => assert.deepEqual(check('http://169.254.1.1:80', { ...NO_OWN_PLACES, allowsLinkLocal: true }), []));
});

it('the refusal names the place, and nothing has changed', async () => {
  const world = await openWorld(withRelease());
  const document = { ...withRelease(), prometheus: { url: 'http://169.254.169.254/' } };
  await assert.rejects(world.plane.apply({ document, expectedRevision: null, dryRun: false, force: true, who: 'ann', why: 'x' }), { code: 'GL3024' });
  assert.equal((await world.plane.strategy()).revision, 1);
  await world.end();
});
