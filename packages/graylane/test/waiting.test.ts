// What a start that takes long says that it waits for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StrategyDocument } from '@graylane/rules';
import { waitingText } from '../src/print/waiting.ts';

const document: StrategyDocument = {
  services: { web: { stable: 'v1', versions: { v1: {}, v2: {}, v3: {} } }, api: { stable: 'v1', versions: { v1: {} } } },
  releases: [{ name: 'next', when: [{}], versions: { web: 'v2' } }],
};

test('a version that does not listen is named, those that are ready or that nobody gets are not', () => {
  assert.match(waitingText(document, new Set(['web/v1', 'api/v1']), 3_010) ?? '', /^… still waiting for v2 of web after 3 seconds: /);
});

test('nothing is said where nothing is missing', () => {
  assert.equal(waitingText(document, new Set(['web/v1', 'web/v2', 'api/v1']), 3_010), null);
});
