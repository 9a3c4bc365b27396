// The book of how requests ended: exact sums, bounded whatever comes.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Decision } from '@graylane/rules';
import { ExposureBook, LATENCY_EDGES_SECONDS, type Subject } from '../src/index.ts';

const decision = (more: Partial<Decision>): Decision => ({ lane: null, reason: 'not-matched', mint: null, arm: null, armOf: null, controlOf: [], ...more });
const TREATED = decision({ lane: 'a', reason: 'bucket', arm: 'treated', armOf: 'a' });
const only = (subjects: readonly Subject[]): Subject => subjects[0]!;
const subjectOf = (book: ExposureBook, of: Decision = TREATED): Subject => only(book.subjects(of, 1, 'v2', new Set(['a'])));
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

describe('durations', () => {
  for (const [seconds, bucket] of [[0, 0], [0.005, 0], [0.0051, 1], [1, 9], [1.01, 10], [10, 13], [11, 14]] as const) {
    test(`${seconds} s are in bucket ${bucket} of ${LATENCY_EDGES_SECONDS.length + 1}`, () => {
      const book = new ExposureBook();
      book.count(subjectOf(book), 'GET', 200, 'complete', seconds, null);
      assert.equal(book.take().exposures[0]?.latency.indexOf(1), bucket);
    });
  }

  test('that nobody took are those of the next request of the kind, and no request is left without one', () => {
    const book = new ExposureBook();
    const subject = subjectOf(book, decision({}));
    for (const seconds of [0.02, null, null, 2, null]) book.count(subject, 'GET', 200, 'complete', seconds, null);
    const [exposure] = book.take().exposures;
    assert.deepEqual([exposure?.requests, exposure?.latency[2], exposure?.latency[10], exposure?.seconds], [5, 1, 4, 8.02]);
  });
});

describe('users', () => {
  test('are in a message once, and bad or slow if any of their requests was', () => {
    const book = new ExposureBook();
    const subject = subjectOf(book);
    for (const [status, end, seconds, user] of [[200, 'complete', 0, 7], [500, 'complete', 0, 7], [200, 'complete', 1.5, 8], [200, 'aborted', 0, 9], [0, 'complete', 0, 10]] as const) book.count(subject, 'GET', status, end, seconds, user);
    assert.deepEqual(book.take().users, [{ generation: 1, of: 'a', arm: 'treated', seen: [7, 8, 9, 10], bad: [7, 9, 10], slow: [8] }]);
    assert.deepEqual(book.take(), { exposures: [], users: [] });
  });
});

describe('subjects', () => {
  test('are the same object for the same requests', () => {
    const book = new ExposureBook();
    assert.equal(subjectOf(book), subjectOf(book, { ...TREATED, mint: 'abcde' }));
  });

  test('of a control arm leave out releases that nobody is drawn for', () => {
    const book = new ExposureBook();
    const control = decision({ reason: 'out-by-bucket', arm: 'control', armOf: 'x', controlOf: ['x', 'a', 'b'] });
    const seen = (drawn: readonly string[]): unknown[] => book.subjects(control, 1, 'v1', new Set(drawn)).map(({ arm, of, again }) => [arm, of, again]);
    assert.deepEqual(seen(['a', 'b']), [['control', 'a', false], ['control', 'b', true]]);
    assert.deepEqual(seen([]), [[null, null, false]]);
  });
});

test('whatever comes, a message is bounded', () => {
  const book = new ExposureBook();
  for (let i = 0; i < 100_000; i++) book.count(only(book.subjects(TREATED, i, 'v2', new Set())), 'GET', 200, 'complete', 0, i);
  const { exposures, users } = book.take();
  assert.equal(exposures.length, 4_096);
  assert.equal(sum(users.map(({ seen }) => seen.length)), 65_536);
});
