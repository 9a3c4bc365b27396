// Stamps and override tokens: the shared vectors, another language as the judge, and what happens at each limit.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  BAGGAGE_BYTES_LIMIT, BAGGAGE_MEMBERS_LIMIT, Generations, GENERATIONS_KEPT, isForeign, mergeBaggage, openOverride, parseBaggage, readTags, Recent,
  STAMP_BYTES_LIMIT, STAMP_LIFETIME_S, Stamps, writeOverride, writeTags, type KeyRing, type Mac, type Stamp, type Tag,
} from '@graylane/wire';

interface Vectors {
  readonly nowSeconds: number;
  readonly keys: KeyRing['keys'];
  readonly written: readonly { readonly name: string; readonly lane: string; readonly generation: number; readonly tags: readonly Tag[]; readonly kid: string; readonly expires: number; readonly baggage: string }[];
  readonly opened: readonly { readonly name: string; readonly baggage: string; readonly outcome: string; readonly stamp?: { readonly lane: string; readonly generation: number; readonly tags: readonly Tag[] }; readonly rest?: readonly string[]; readonly nowSeconds?: number }[];
  readonly overrides: readonly { readonly name: string; readonly token: string; readonly outcome: string; readonly lane?: string }[];
}

const VECTORS_FILE = join(import.meta.dirname, '../../../conformance/stamp.json');
const ORACLE = join(import.meta.dirname, '../../../conformance/stamp.py');
const vectors = JSON.parse(readFileSync(VECTORS_FILE, 'utf8')) as Vectors;

const mac: Mac = (secret, text) => createHmac('sha256', Buffer.from(secret, 'base64url')).update(text, 'latin1').digest('base64url');
const python = spawnSync('python3', ['--version']).status === 0;

function stampsAt(nowS: number, sign = vectors.keys[0]?.kid ?? ''): Stamps {
  const stamps = new Stamps(mac, () => nowS * 1000);
  stamps.setKeys({ sign, keys: vectors.keys });
  return stamps;
}

/** Tags as Node shows a header: one character a byte. */
const bytes = (tags: readonly Tag[]): Tag[] => tags.map(([name, value]) => [name, Buffer.from(value).toString('latin1')]);
const text = (tags: readonly Tag[]): Tag[] => tags.map(([name, value]) => [name, Buffer.from(value, 'latin1').toString()]);

describe('the shared vectors', () => {
  for (const { name, lane, generation, tags, kid, expires, baggage } of vectors.written) {
    test(`written: ${name}`, () => {
      // Made so long before its end that the end is the wanted one.
      const stamps = stampsAt(expires - STAMP_LIFETIME_S, kid);
      const made = stamps.write({ lane, generation, tags: writeTags(bytes(tags)).text });
      // Ends are whole minutes; a vector may have any.
      if (expires % 60 === 0) assert.equal(made, baggage);
      else assert.equal(made?.split('.sig=')[0], baggage.split('.sig=')[0]);
    });
  }
  for (const { name, baggage, outcome, stamp, rest, nowSeconds } of vectors.opened) {
    test(`opened: ${name}`, () => {
      const parsed = parseBaggage(baggage);
      const stamps = stampsAt(nowSeconds ?? vectors.nowSeconds);
      for (const time of ['first', 'second'] as const) {
        const opened = stamps.open(parsed);
        assert.equal(opened.kind === 'refused' ? opened.reason : opened.kind, outcome, time);
        if (opened.kind === 'valid') assert.deepEqual({ ...opened.stamp, tags: text(readTags(opened.stamp.tags)) }, stamp);
      }
      if (rest !== undefined) assert.deepEqual(parsed.rest, rest);
      if (parsed.own.size > 0) assert.equal(isForeign(baggage), false);
    });
  }
  for (const { name, token, outcome, lane } of vectors.overrides) {
    test(`override: ${name}`, () => {
      const opened = openOverride(stampsAt(vectors.nowSeconds).seals, token);
      assert.equal(opened.kind === 'valid' ? opened.kind : opened.reason, outcome);
      if (opened.kind === 'valid') assert.equal(opened.lane, lane);
    });
  }
});

describe('another language reads what is written here', { skip: python ? false : 'python3 is not installed' }, () => {
  const ask = (file: string): string => {
    const { stdout, stderr } = spawnSync('python3', ['-B', ORACLE, file], { encoding: 'utf8' });
    return stdout + stderr;
  };

  test('the shared vectors', () => assert.match(ask(VECTORS_FILE), /^\d\d cases, 0 differ\n$/));

  test('two hundred stamps with any tags', () => {
    const stamps = stampsAt(vectors.nowSeconds);
    const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/);
    const arbitrary = fc.record({ lane: fc.oneof(fc.constant(''), name), generation: fc.integer({ min: 1, max: 1e12 }), tags: fc.array(fc.tuple(name, fc.string({ unit: 'grapheme', maxLength: 12 })), { maxLength: 5 }) });
    const opened = fc.sample(arbitrary, { seed: 7, numRuns: 200 }).map(({ lane, generation, tags }, index) => {
      const baggage = stamps.write({ lane, generation, tags: writeTags(bytes(tags)).text });
      return { name: `sample ${index}`, baggage: `a=1,${baggage ?? ''}`, outcome: 'valid', stamp: { lane, generation, tags }, rest: ['a=1'] };
    });
    const folder = mkdtempSync(join(tmpdir(), 'gl-stamp-'));
    const file = join(folder, 'cases.json');
    writeFileSync(file, JSON.stringify({ ...vectors, written: [], overrides: [], opened }));
    try {
      assert.equal(ask(file), '200 cases, 0 differ\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('limits', () => {
  test('tags that find no room are dropped from the last on and counted; lane and generation stay', () => {
    const tags: Tag[] = Array.from({ length: 20 }, (_, index) => [`tag-${index}`, 'x'.repeat(60)]);
    const { text: written, dropped } = writeTags(tags);
    const made = stampsAt(vectors.nowSeconds).write({ lane: 'l'.repeat(63), generation: 999_999_999, tags: written }) ?? '';
    assert.ok(made.length <= STAMP_BYTES_LIMIT, `${made.length} bytes`);
    assert.ok(dropped > 0);
    assert.deepEqual(readTags(written), tags.slice(0, tags.length - dropped));
  });

  test('whatever the tags are, the stamp stays within its limit and reads back', () => {
    const stamps = stampsAt(vectors.nowSeconds);
    fc.assert(fc.property(fc.array(fc.tuple(fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,62}$/), fc.uint8Array({ maxLength: 400 })), { maxLength: 12 }), (raw) => {
      const tags = raw.map(([name, value]): Tag => [name, Buffer.from(value).toString('latin1')]);
      const { text: written, dropped } = writeTags(tags);
      const made = stamps.write({ lane: 'l'.repeat(63), generation: Number.MAX_SAFE_INTEGER, tags: written }) ?? '';
      assert.ok(made.length <= STAMP_BYTES_LIMIT);
      const opened = stamps.open(parseBaggage(made));
      assert.ok(opened.kind === 'valid');
      assert.deepEqual(readTags(opened.stamp.tags), tags.slice(0, tags.length - dropped));
    }), { numRuns: 100 });
  });

  test('others keep their members as far as the limits of the standard go', () => {
    const rest = Array.from({ length: 80 }, (_, index) => `m${index}=1`);
    const { value, dropped } = mergeBaggage('graylane.lane=,graylane.gen=1', rest);
    assert.equal(value.split(',').length, BAGGAGE_MEMBERS_LIMIT);
    assert.equal(dropped, 80 - (BAGGAGE_MEMBERS_LIMIT - 2));
    assert.ok(mergeBaggage('a=1', ['b=2', `c=${'x'.repeat(BAGGAGE_BYTES_LIMIT)}`, 'd=4']).value.endsWith('a=1,b=2,d=4'));
  });

  test('any text at all is parsed without a throw, and its foreign members survive', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (value) => {
      const { own, rest } = parseBaggage(value);
      if (isForeign(value)) assert.equal(own.size, 0);
      assert.deepEqual(parseBaggage(rest.join(',')).rest, rest);
    }), { numRuns: 500 });
  });

  test('what is remembered is bounded', () => {
    const recent = new Recent<number>(10);
    for (let i = 0; i < 1000; i++) recent.set(String(i), i);
    const known = Array.from({ length: 1000 }, (_, i) => recent.get(String(i))).filter((value) => value !== undefined);
    assert.ok(known.length >= 10 && known.length <= 20, String(known.length));
  });

  test('only the last generations are kept', () => {
    const generations = new Generations<string>();
    for (let i = 1; i <= 20; i++) generations.keep(i, `g${i}`);
    assert.equal(generations.newest, 20);
    assert.deepEqual([20 - GENERATIONS_KEPT, 20 - GENERATIONS_KEPT + 1, 20].map((generation) => generations.get(generation)), [undefined, 'g13', 'g20']);
  });
});

describe('keys', () => {
  const stamp: Stamp = { lane: 'android', generation: 4, tags: 'os=Android' };
  const [second, first] = vectors.keys as readonly [KeyRing['keys'][0], KeyRing['keys'][0]];

  test('without a key nothing is written, and nothing opens', () => {
    const stamps = new Stamps(mac, () => 0);
    assert.equal(stamps.write(stamp), null);
    assert.equal(writeOverride(stamps.seals, 'android', 10), null);
    const opened = stamps.open(parseBaggage(stampsAt(1).write(stamp) ?? ''));
    assert.deepEqual(opened, { kind: 'refused', reason: 'unknown-key' });
  });

  test('during a rotation both hold; when the former one is gone, what it made is refused, remembered or not', () => {
    const stamps = new Stamps(mac, () => 1_000_000);
    stamps.setKeys({ sign: first.kid, keys: [first] });
    const old = parseBaggage(stamps.write(stamp) ?? '');
    assert.equal(stamps.open(old).kind, 'valid');
    stamps.setKeys({ sign: second.kid, keys: [second, first] });
    assert.equal(stamps.open(old).kind, 'valid');
    assert.notEqual(stamps.write(stamp), null);
    stamps.setKeys({ sign: second.kid, keys: [second] });
    assert.deepEqual(stamps.open(old), { kind: 'refused', reason: 'unknown-key' });
  });

  test('hosts whose clocks are an hour apart believe each other as soon as both go by the fleet\'s', () => {
    const [nowMs, hourMs] = [1_000_000_000, 3_600_000];
    const [behind, right] = [new Stamps(mac, () => nowMs - hourMs), new Stamps(mac, () => nowMs)];
    for (const stamps of [behind, right]) stamps.setKeys({ sign: first.kid, keys: [first] });
    assert.deepEqual(right.open(parseBaggage(behind.write(stamp) ?? '')), { kind: 'refused', reason: 'expired' });
    behind.setKeys({ sign: first.kid, keys: [first], aheadMs: hourMs });
    for (const [from, to] of [[behind, right], [right, behind]] as const) assert.equal(to.open(parseBaggage(from.write(stamp) ?? '')).kind, 'valid');
  });

  test('a stamp ends after its lifetime and a leeway, also one that was seen before', () => {
    let nowMs = 1_000_000_000;
    const stamps = new Stamps(mac, () => nowMs);
    stamps.setKeys({ sign: first.kid, keys: [first] });
    const made = parseBaggage(stamps.write(stamp) ?? '');
    nowMs += STAMP_LIFETIME_S * 1000;
    assert.equal(stamps.open(made).kind, 'valid');
    nowMs += 3 * 60_000;
    assert.deepEqual(stamps.open(made), { kind: 'refused', reason: 'expired' });
  });

  test('any single character changed makes it no stamp', () => {
    const stamps = stampsAt(vectors.nowSeconds);
    const made = stamps.write(stamp) ?? '';
    fc.assert(fc.property(fc.nat(made.length - 1), fc.constantFrom('a', 'Z', '0', '9', '.', '_', '-', '~', '&', '='), (at, character) => {
      const changed = made.slice(0, at) + character + made.slice(at + 1);
      const opened = stamps.open(parseBaggage(changed));
      // The unused bits of the last character of a MAC are no exception: the text itself is compared.
      assert.ok(opened.kind !== 'valid' || changed === made, changed);
    }));
  });
});
