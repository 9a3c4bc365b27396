// What a hop behind the entry asks of the router: the lane of a stamp in this strategy, and the tags that travel.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compile, loadRouter, type Router, type StrategyDocument } from '../src/index.ts';
import { strategyOf } from './helpers.ts';

const services: StrategyDocument['services'] = {
  order: { stable: 'v1', versions: { v1: {} } },
  delivery: { stable: 'v1', versions: { v1: {}, v2: {} } },
};

function router(more: Partial<StrategyDocument>): Router {
  return loadRouter(compile(strategyOf({ services, ...more })), { generation: 1, random: () => 0 });
}

const request = (...rawHeaders: string[]): Parameters<Router['decide']>[0] => ({ method: 'GET', target: '/?city=Paris', rawHeaders });

describe('follow', () => {
  const lanes = router({ releases: [{ name: 'android', when: [{ header: { 'x-os': 'Android' } }], versions: { delivery: 'v2' } }] });

  it('keeps the lane whatever the request looks like, and counts it in no arm', () => {
    const { lane, reason, arm, mint } = lanes.follow('android');
    assert.deepEqual({ lane, reason, arm, mint }, { lane: 'android', reason: 'stamped', arm: null, mint: null });
    assert.equal(lanes.version('delivery', lane), 'v2');
    assert.equal(lanes.version('order', lane), 'v1');
  });

  it('keeps a lane that this strategy does not have, which is served by stable', () => {
    assert.equal(lanes.follow('gone').lane, 'gone');
    assert.equal(lanes.version('delivery', 'gone'), 'v1');
  });

  it('takes the empty lane for stable, and hands out the same object again', () => {
    assert.equal(lanes.follow('').lane, null);
    assert.equal(lanes.follow(null), lanes.follow(''));
    assert.equal(lanes.follow('android'), lanes.follow('android'));
  });
});

describe('tags', () => {
  const tags: NonNullable<StrategyDocument['tags']> = { os: { header: 'x-os' }, city: { query: 'city' }, user: [{ cookie: 'uid' }, { header: 'x-user' }] };

  it('are those that the request has, in the order of declaration, with or without releases', () => {
    const travelling = router({ tags });
    assert.deepEqual(travelling.tags(request('X-User', 'u1', 'x-os', 'Android')), [['os', 'Android'], ['city', 'Paris'], ['user', 'u1']]);
    assert.deepEqual(travelling.tags(request('Cookie', 'a=b; uid=u2')), [['city', 'Paris'], ['user', 'u2']]);
  });

  it('are none where the strategy has a single service: nothing is read for them', () => {
    const alone = loadRouter(compile(strategyOf({ tags, services: { web: { stable: 'v1', versions: { v1: {} } } } })), { generation: 1, random: () => 0 });
    assert.deepEqual(alone.tags(request('x-os', 'Android')), []);
  });
});
