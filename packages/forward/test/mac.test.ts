// HMAC-SHA-256 out of one-shot hashes: the same as the platform's own, for any key and text.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { it } from 'node:test';
import fc from 'fast-check';
import { mac } from '@graylane/forward/mac';

it('is what the platform computes, for keys shorter and longer than a block', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 2_000 }), (key, bytes) => {
    const expected = createHmac('sha256', key).update(bytes).digest('base64url');
    assert.equal(mac(Buffer.from(key).toString('base64url'), Buffer.from(bytes).toString('latin1')), expected);
  }));
});

it('computes the same for more keys than it keeps anything of', () => {
  const secrets = Array.from({ length: 20 }, (_, i) => Buffer.alloc(32, i).toString('base64url'));
  for (const secret of [...secrets, ...secrets]) assert.equal(mac(secret, 'text'), createHmac('sha256', Buffer.from(secret, 'base64url')).update('text').digest('base64url'));
});
