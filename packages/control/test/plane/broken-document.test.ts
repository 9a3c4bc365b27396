// What people and programs send instead of a strategy: a thousand documents that were cut or changed by chance, and the
// mistakes that have a name. Refused with the place, and nothing changes.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ControlError } from '../../src/problem.ts';
import { openWorld, web, withRelease } from './world.ts';
import { seeded } from '../../../../tools/seeded.ts';

const SEED = 20_261_122;
const DOCUMENTS = 1_000;
const request = { expectedRevision: null, force: false, who: 'test', why: 'a test' } as const;

describe('a document', () => {
  it(`that is broken by chance (${DOCUMENTS} of them, seed ${SEED}) is refused with its place, or is a strategy; nothing is half applied`, async () => {
    const world = await openWorld(withRelease());
    const random = seeded(SEED);
    const before = await world.plane.strategy();
    world.machine.take();
    const good = JSON.stringify({ ...withRelease([{ percent: 5 }, { pause: '10m' }, { verdict: { for: '30m' } }]), tags: { os: { header: 'x-os' } } });
    let refused = 0;
    for (let n = 0; n < DOCUMENTS; n += 1) {
      const document = broken(good, random);
      if (document === undefined) continue;
      try {
        await world.plane.apply({ ...request, document, dryRun: true });
      } catch (error) {
        assert.ok(error instanceof ControlError, `${JSON.stringify(document)}: ${String(error)}`);
        assert.ok(error.code === 'GL3001' || error.code === 'GL3002', error.code);
        assert.ok((error.details.errors ?? []).every(({ pointer }) => pointer === '' || pointer.startsWith('/')));
        assert.notEqual((error.details.errors ?? []).length, 0);
        refused += 1;
      }
    }
    assert.ok(refused > DOCUMENTS / 4, `only ${refused} were refused: the test tests nothing`);
    assert.deepEqual(await world.plane.strategy(), before);
    assert.deepEqual(world.machine.take(), []);
    assert.deepEqual(Object.keys(Object.prototype), []);
    await world.end();
  });

  const named = (more: object): unknown => ({ ...web, releases: [{ name: 'r', when: [{}], versions: { web: 'v2' }, ...more }] });
  checkRefused('with a version that there is not', named({ versions: { web: 'v9' } }), 'GL3002', /v9/);
  checkRefused('with a service that there is not', named({ versions: { shop: 'v2' } }), 'GL3002', /shop/);
  checkRefused('with a stable version that there is not', { services: { web: { stable: 'v9', versions: { v1: { script: './v1.js' } } } } }, 'GL3001', /v9/);
  checkRefused('with a guardrail and nobody to ask', named({ guardrails: [{ name: 'age', query: 'age', worse: 'higher' }] }), 'GL3001', /nobody to ask/);
  checkRefused('that is no document', 'services: web', 'GL3001', /./);
  checkRefused('of a hundred thousand levels', Array.from({ length: 100_000 }).reduce<object>((inner) => ({ a: inner }), {}), 'GL3001', /./);
});

/** A part of the text cut, repeated or replaced; or a value of the parsed document exchanged. Undefined where it is no JSON at all. */
function broken(text: string, random: () => number): unknown {
  const at = Math.floor(random() * text.length);
  const kind = Math.floor(random() * 4);
  if (kind === 0) return parsed(text.slice(0, at) + text.slice(at + 1 + Math.floor(random() * 6)));
  if (kind === 1) return parsed(`${text.slice(0, at)}${ODD[Math.floor(random() * ODD.length)] ?? ''}${text.slice(at + 1)}`);
  return exchanged(JSON.parse(text), random);
}

const ODD = ['0', '"', '{', '}', '[]', 'null', '\\u0000', '\u{1f642}', '-', 'e9', '__proto__', '.'];
const VALUES: readonly unknown[] = [null, 0, -1, 1e308, '', ' ', '\u0000', [], {}, [null], true, '__proto__', { __proto__: null, constructor: 1 }, 'x'.repeat(10_000)];

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function exchanged(value: unknown, random: () => number): unknown {
  if (random() < 0.15 || typeof value !== 'object' || value === null) return VALUES[Math.floor(random() * VALUES.length)];
  const entries = Object.entries(value);
  if (entries.length === 0) return value;
  const chosen = Math.floor(random() * entries.length);
  const changed = entries.map(([key, one], index): [string, unknown] => [index === chosen && random() < 0.1 ? `${key}x` : key, index === chosen ? exchanged(one, random) : one]);
  return Array.isArray(value) ? changed.map(([, one]) => one) : Object.fromEntries(changed);
}

function checkRefused(title: string, document: unknown, code: string, message: RegExp): void {
  it(`${title} is refused, with the cause`, async () => {
    const world = await openWorld(web);
    await assert.rejects(world.plane.apply({ ...request, document, dryRun: false }), (error) => {
      assert.ok(error instanceof ControlError, String(error));
      assert.equal(error.code, code);
      assert.match(JSON.stringify(error.problem()), message);
      return true;
    });
    assert.equal((await world.plane.strategy()).revision, 1);
    await world.end();
  });
}
