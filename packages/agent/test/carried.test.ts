// What a request, a socket or a message carries on over time: its seal is made when somebody asks for it.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { Generations, MESSAGE_GRACE_S, parseBaggage, Stamps, STAMP_LIFETIME_S, type KeyRing, type Mac } from '@graylane/wire';
import { Carried } from '../src/lanes/carried.ts';
import { StampEntry } from '../src/lanes/stamp-entry.ts';
import type { Published } from '../src/strategy.ts';

const mac: Mac = (secret, text) => createHmac('sha256', Buffer.from(secret, 'base64url')).update(text, 'latin1').digest('base64url');
const ringOf = (kid: string): KeyRing => ({ sign: kid, keys: [{ kid, secret: Buffer.alloc(32, kid).toString('base64url') }] });
const DAY_S = 24 * 3600;
const stamp = { lane: 'android', generation: 3, tags: 'os=Android' };

/** Stamps under one clock that is moved by hand. */
function fleet(): { readonly stamps: Stamps; readonly pass: (seconds: number) => void; readonly entry: StampEntry; readonly noted: string[] } {
  let nowMs = 1_800_000_000_000;
  const noted: string[] = [];
  const stamps = new Stamps(mac, () => nowMs);
  stamps.setKeys(ringOf('k1'));
  return {
    stamps, noted,
    pass: (seconds) => {
      nowMs += seconds * 1000;
    },
    entry: new StampEntry(stamps, { note: (_, note) => noted.push(note) }, new Generations<Published>()),
  };
}

describe('a WebSocket that outlives every seal', () => {
  test('sends a stamp that holds, an hour later too', () => {
    const { stamps, pass } = fleet();
    const carried = new Carried(stamp, stamps, []);
    assert.deepEqual(stamps.open(parseBaggage(carried.baggage)), { kind: 'valid', stamp });
    pass(3600);
    assert.deepEqual(stamps.open(parseBaggage(carried.baggage)), { kind: 'valid', stamp });
  });

  test('sends one under the new key once keys were changed', () => {
    const { stamps } = fleet();
    const carried = new Carried(stamp, stamps, []);
    assert.match(carried.baggage, /sig=k1\./);
    stamps.setKeys(ringOf('k2'));
    assert.match(carried.baggage, /sig=k2\./);
  });

  test('within a minute it is the same text, made once', () => {
    const { stamps } = fleet();
    const carried = new Carried(stamp, stamps, []);
    assert.equal(carried.baggage, carried.baggage);
  });
});

describe('a message', () => {
  test('that has waited for six days keeps its lane, and what it causes is stamped afresh', () => {
    const { stamps, pass, entry } = fleet();
    const sent = stamps.write(stamp) ?? '';
    pass(6 * DAY_S);
    assert.deepEqual(stamps.open(parseBaggage(sent)), { kind: 'refused', reason: 'expired' });
    const context = entry.adopt(sent);
    assert.equal(context?.lane, 'android');
    assert.deepEqual(stamps.open(parseBaggage(context.baggage)), { kind: 'valid', stamp });
  });

  test('that is older than any queue keeps has no lane, and is counted', () => {
    const { stamps, pass, entry, noted } = fleet();
    const sent = stamps.write(stamp) ?? '';
    pass(STAMP_LIFETIME_S + MESSAGE_GRACE_S + 180);
    assert.equal(entry.adopt(sent), null);
    assert.deepEqual(noted, ['stamp-expired']);
  });

  test('that is forged has no lane, however young', () => {
    const { stamps, entry, noted } = fleet();
    assert.equal(entry.adopt((stamps.write(stamp) ?? '').replace('lane=android', 'lane=beta')), null);
    assert.deepEqual(noted, ['stamp-forged']);
  });
});
