// EaseMesh's canaries become releases that the router and the analyzer take as their own.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { analyse, importEaseMesh } from '../src/index.ts';
import { requestOf, routerOf, strategyOf } from './helpers.ts';

const canary = (name: string, priority: number | undefined, services: readonly string[], headers: object): object => ({
  apiVersion: 'mesh.megaease.com/v1alpha1', kind: 'ServiceCanary', metadata: { name },
  spec: { ...(priority === undefined ? {} : { priority }), selector: { matchServices: services, matchInstanceLabels: { release: `v-${name}` } }, trafficRules: { headers } },
});

/** Lane of a request with the header, for one canary on it. */
function laneOf(match: object, value: string | null): string | null {
  const { document } = importEaseMesh([canary('c', 1, ['web'], { 'X-A': match })]);
  return routerOf(document).decide(requestOf({ headers: value === null ? {} : { 'x-a': value } })).lane;
}

describe('conditions on a header', () => {
  for (const [match, value, inside] of [
    [{ exact: 'a' }, 'a', true], [{ exact: 'a' }, 'ab', false], [{ prefix: 'a' }, 'ab', true], [{ regex: 'b' }, 'abc', true], [{ regex: '^b' }, 'abc', false], [{ regex: '^a.c$' }, 'abc', true],
    [{ regex: 'a|z$' }, 'abz', false], [{ empty: true }, '', true], [{ empty: true }, null, true], [{ empty: true }, 'a', false], [{ exact: 'a', prefix: 'b' }, 'bc', true],
  ] as const) {
    it(`${JSON.stringify(match)} on ${JSON.stringify(value)}`, () => assert.equal(laneOf(match, value), inside ? 'c' : null));
  }
});

it('the traffic shadow that EaseMesh does not see is found', () => {
  const { document, problems } = importEaseMesh([
    canary('android', 1, ['restaurant', 'delivery'], { 'X-Phone-Os': { exact: 'Android' } }),
    canary('beijing-android', 2, ['restaurant'], { 'X-Phone-Os': { exact: 'Android' }, 'X-Location': { exact: 'Beijing' } }),
    { kind: 'Service', name: 'other' },
  ]);
  assert.deepEqual(problems, []);
  assert.deepEqual(analyse(strategyOf(document)).map(({ kind }) => kind), ['shadowed']);
});

it('what cannot be carried over is said', () => {
  const { problems } = importEaseMesh([canary('c', undefined, ['web'], { 'X-A': { regex: 'a(?=b)' } })]);
  assert.deepEqual(problems.map(({ resource }) => resource), ['c', 'c']);
  assert.match(problems[0]?.problem ?? '', /look-around/);
});
