// What is installed is found, also where only root looks; what is there is not installed again.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ensureDebian, findProgram } from './system.ts';

it('a program on PATH has its path, one that nobody has is null', () => {
  assert.match(findProgram('sh') ?? '', /^\/.*\/sh$/);
  assert.equal(findProgram('no-such-program-anywhere'), null);
});

it('programs that are there are present, without a look at the package manager', () => {
  assert.deepEqual(ensureDebian(['sh', 'cat']), { kind: 'present' });
});
