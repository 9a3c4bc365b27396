// What people type as a request.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestFields, type RequestOptions } from '../src/cli/request.ts';

function check(name: string, line: string, options: RequestOptions, refused: RegExp): void {
  test(name, () => { assert.throws(() => requestFields(line, options), refused); });
}

check('a word is neither a path nor an address', 'cart', {}, /GL0040 'cart' is neither a path nor an address/);
check('an address that is none', 'https://', {}, /GL0040 'https:\/\/' is no address/);
check('a cookie without a value is not passed over', 'GET /', { cookie: ['a=1', 'beta'] }, /GL0040 the cookie "beta" has no value/);
check('a header without a value', 'GET /', { header: ['x-os'] }, /GL0040 the header "x-os" has no value/);

test('a path alone, a method with a path, and an address are requests', () => {
  assert.equal(requestFields('/cart', {}).target, '/cart');
  assert.deepEqual(requestFields('post /cart?a=1', { cookie: ['a=1; b=2'] }), { method: 'POST', target: '/cart?a=1', rawHeaders: ['cookie', 'a=1; b=2'] });
  assert.deepEqual(requestFields('https://shop.example/cart', {}), { method: 'GET', target: '/cart', rawHeaders: ['host', 'shop.example'] });
});
