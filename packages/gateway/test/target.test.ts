import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalTarget } from '../src/target.ts';

function check(method: string, target: string, host: string, expected: string | null): void {
  void it(`${method} ${target} for ${host} is ${expected ?? 'refused'}`, () => {
    const found = canonicalTarget(method, target, host);
    assert.equal(found.kind === 'accepted' ? found.target : null, expected);
  });
}

void describe('the canonical target', () => {
  check('GET', '/', 'a', '/');
  check('GET', '/a/b?c=/../d//e%2f', 'a', '/a/b?c=/../d//e%2f');
  check('GET', '/a.b/..c/d..', 'a', '/a.b/..c/d..');
  check('GET', '/%E5%8C%97', 'a', '/%E5%8C%97');
  check('OPTIONS', '*', 'a', '*');
  check('GET', 'http://a/x', 'a', '/x');
  check('GET', 'http://a', 'a', '/');
  check('GET', 'http://a?x', 'a', '/?x');
  check('GET', 'https://A:443/x', 'a', '/x');
  check('GET', 'http://[::1]:8080/x', '[::1]:8080', '/x');
  check('GET', 'http://a:81/x', 'a', null);
  check('GET', 'http://a.evil/x', 'a', null);
  check('GET', 'http://u@a/x', 'a', null);
  check('GET', 'ftp://a/x', 'a', null);
  check('GET', 'x', 'a', null);
  check('GET', '', 'a', null);
  check('GET', '/a/./b', 'a', null);
  check('GET', '/a/%2e%2e', 'a', null);
  check('GET', '/a/.%2E/b', 'a', null);
  check('GET', '/..', 'a', null);
  check('GET', '/a%5cb', 'a', null);
  check('GET', '/a%00b', 'a', null);
  check('GET', '/a#', 'a', null);
  check('GET', '/a?b#c', 'a', null);
});
