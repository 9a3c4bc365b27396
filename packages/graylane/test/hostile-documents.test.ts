// Documents made to hurt, through the command: each ends soon, in a clear error or a right result.

import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { Project } from './support/project.ts';

const services = (count: number): object => ({ web: { stable: 'v0', versions: Object.fromEntries(Array.from({ length: count + 1 }, (_, i) => [`v${i}`, {}])) } });
const release = (matcher: unknown): object => ({ services: services(1), releases: [{ name: 'r', when: [{ header: { 'x-a': matcher } }], versions: { web: 'v1' } }] });
const big = { services: services(3_000), releases: Array.from({ length: 3_000 }, (_, i) => ({ name: `r${i}`, priority: i, when: [{ header: { 'x-tenant': `t${i}-${'x'.repeat(1_550)}` } }], versions: { web: `v${i + 1}` } })) };
const nested = (depth: number, open: string, close: string, inner = '"a"'): string => `${open.repeat(depth)}${inner}${close.repeat(depth)}`;

const projects: Project[] = [];
after(() => Promise.all(projects.map((project) => project.remove())));

async function check(text: string, code: number, says: RegExp, name = 'graylane.config.json'): Promise<void> {
  const project = new Project({ [name]: text });
  projects.push(project);
  const outcome = await project.run('check');
  assert.match(outcome.stdout + outcome.stderr, says);
  assert.equal(outcome.code, code, outcome.stderr);
}

describe('check of', () => {
  it('5 MB of releases', () => check(JSON.stringify(big), 0, /3000 releases, 0 errors/));
  it('200,000 alternatives', () => check(JSON.stringify(release(Array.from({ length: 200_000 }, (_, i) => `u${i}`))), 0, /1 release, 0 errors/));
  it('a fault in a long list is shown with its place', () => check(JSON.stringify(release([...Array.from({ length: 50_000 }, (_, i) => `user-${i}`), 7])), 2, /GL1002[^]*\/releases\/0\/when\/0\/header\/x-a\/50000/));
  it('`not` 1,000 deep', () => check(JSON.stringify(release('#')).replace('"#"', nested(1_000, '{"not":', '}')), 2, /^(?:GL1006 conditions are nested more than 32|GL0006 the document is nested too) deep/));
  it('`not` 40 deep', () => check(JSON.stringify(release('#')).replace('"#"', nested(40, '{"not":', '}')), 2, /GL1006 conditions are nested more than 32 deep/));
  it('lists 20,000 deep', () => check(JSON.stringify(release('#')).replace('"#"', nested(20_000, '[', ']')), 2, /GL0006 the document is nested too deep/));
  it('keys that pollute prototypes', () => check('{"__proto__":{"polluted":1},"constructor":{},"services":{"__proto__":{"stable":"v1","versions":{}}}}', 2, /`__proto__` is not a key of the strategy[^]*"__proto__" cannot be a name/));
  it('half a surrogate pair', () => check(JSON.stringify(release('#')).replace('#', '\\ud800'), 2, /GL1008/));
  it('NUL in a value, which no request has', () => check(JSON.stringify(release('a\0b')), 2, /GL1101 no request can match/));
  it('aliases that multiply', () => check(`a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nservices: *c\n`, 2, /GL0006/, 'graylane.config.yaml'));
});
