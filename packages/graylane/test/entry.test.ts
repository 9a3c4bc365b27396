// Examples that can be pasted: they go to the port where the service listens.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StrategyDocument } from '@graylane/rules';
import { entriesOf, originOf } from '../src/print/entry.ts';

type Services = StrategyDocument['services'];

function check(services: Readonly<Record<string, Omit<Services[string], 'stable' | 'versions'>>>, host: string | null, expected: string): void {
  const whole = Object.fromEntries(Object.entries(services).map(([name, service]) => [name, { ...service, stable: 'v1', versions: { v1: {} } }]));
  assert.equal(originOf({ services: whole }, host === null ? null : { headers: [['host', host]] }), expected);
}

test('a request that shows something goes to the port of its service', () => {
  check({ web: { listen: 8291 } }, 'localhost', 'http://localhost:8291');
  check({ web: { listen: '0.0.0.0:8291' } }, null, 'http://localhost:8291');
  check({ web: { listen: ['[::1]:8291', 9000] } }, null, 'http://[::1]:8291');
  check({ web: {} }, 'localhost', 'http://localhost');
});

test('of several services the one that has the host is asked, else the one where users come in', () => {
  const services = { cart: { listen: 9001, hosts: ['cart'], trust: 'internal' }, web: { listen: 8080 } } as const;
  check(services, 'localhost', 'http://localhost:8080');
  check(services, 'cart', 'http://localhost:9001');
  assert.deepEqual(entriesOf({ services: { cart: { ...services.cart, stable: 'v1', versions: { v1: {} } } } }), [], 'nobody comes in at an internal one');
});
