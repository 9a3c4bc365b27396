// What people and code hosts get to see of findings.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';

import type { StrategyDocument } from '../src/index.ts';
import { analyse, curlLine, errorText, findingText, fixPriorities, parseStrategy, sarif } from '../src/index.ts';
import { strategyOf } from './helpers.ts';

const shadow: StrategyDocument = {
  services: { web: { stable: 'v0', versions: { v0: {}, v1: {}, v2: {} } } },
  releases: [
    { name: 'wide', priority: 1, when: [{ header: { 'x-os': 'Android' } }], versions: { web: 'v1' } },
    { name: 'narrow', priority: 2, when: [{ header: { 'x-os': 'Android', 'x-city': "it's 北京" } }], versions: { web: 'v2' } },
  ],
};

const [finding] = analyse(strategyOf(shadow));
assert.ok(finding !== undefined);

describe('a finding', () => {
  it('reads as what, where, why, what to do and a request', () => {
    assert.equal(findingText(finding, 'http://localhost:8080'), [
      "error GL1102 shadowed: 'narrow' is never selected: 'wide' takes every request that it matches",
      '  at:    /releases/1, /releases/0',
      '  cause: priority 1 wins over 2: the smaller number goes first',
      "  fix:   give 'narrow' a priority below 1",
      "  try:   curl -s --path-as-is -H 'x-os: Android' -H 'x-city: it'\\''s 北京' 'http://localhost:8080/'",
    ].join('\n'));
  });
  it('is a SARIF result with its place', () => {
    const log = JSON.parse(JSON.stringify(sarif([finding], { file: 'graylane.config.json', version: '0.1.0', origin: 'http://localhost', lineOf: (pointer) => (pointer === '/releases/1' ? 12 : null) }))) as { readonly runs: readonly [{ readonly results: readonly [{ readonly ruleId: string; readonly locations: readonly unknown[] }] }] };
    assert.equal(log.runs[0].results[0].ruleId, 'GL1102');
    assert.deepEqual(log.runs[0].results[0].locations, [{ physicalLocation: { artifactLocation: { uri: 'graylane.config.json' }, region: { startLine: 12 } }, logicalLocations: [{ fullyQualifiedName: '/releases/1' }] }]);
  });
});

it('a shell gives back the bytes of a curl line', () => {
  const value = "a'b\"$(x)\\ \u00c3\u00a9\u0080\t!`";
  const line = curlLine({ method: 'GET', target: '/', headers: [['x-a', value]], lane: null }, 'http://h').replace(/^curl/, 'printf "%s\\n"');
  const printed = execFileSync('bash', ['-c', line], { encoding: 'latin1' });
  assert.ok(printed.includes(`x-a: ${value}\n`), JSON.stringify(printed));
});

it('an error cannot speak to the terminal', () => {
  const parsed = parseStrategy({ services: {}, '\u001b[31m': 1 });
  assert.ok(!parsed.ok);
  assert.doesNotMatch(parsed.errors.map(errorText).join('\n'), /\u001b/);
});

describe('priorities are fixed', () => {
  it('when the narrower audience only has to go first', () => {
    const fix = fixPriorities(strategyOf(shadow));
    assert.deepEqual(fix?.priorities, { wide: 20, narrow: 10 });
    assert.deepEqual(fix.left, []);
  });
  it('not when nothing is wrong', () => assert.equal(fixPriorities(strategyOf({ ...shadow, releases: [] })), null));
  it('not when no order helps', () => {
    const same = (name: string, priority: number, version: string): object => ({ name, priority, when: [{ header: { a: 'x' } }], versions: { web: version } });
    assert.equal(fixPriorities(strategyOf({ ...shadow, releases: [same('a', 1, 'v1'), same('b', 2, 'v2')] })), null);
  });
});
