// Which strategy an incoming stamp means, where several are kept and the oldest are gone.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Generations, Passages, Stamps, type Stamp } from '../src/index.ts';

const stamp = (generation: number): Stamp => ({ lane: 'android', generation, tags: '' });

function passages(): { readonly passages: Passages<string>; readonly remarks: string[] } {
  const generations = new Generations<string>();
  for (const generation of [1, 2, 3, 4]) generations.keep(generation, `strategy ${generation}`, 2);
  const remarks: string[] = [];
  return { passages: new Passages(new Stamps(() => '', () => 0), generations, (lane, note, generation) => remarks.push(`${lane} ${note} ${generation}`)), remarks };
}

describe('a message that is taken out of its queue', () => {
  const cases: readonly (readonly [what: string, generation: number, goesOn: number, remarks: readonly string[]])[] = [
    ['a generation that is kept', 3, 3, []],
    ['one that is gone: the newest, once for all that it causes, and counted', 1, 4, ['android generation-expired 4']],
    ['one that has not arrived: as it is, for others may have it', 9, 9, []],
  ];
  for (const [what, generation, goesOn, expected] of cases) {
    test(`published under ${what}`, () => {
      const { passages: under, remarks } = passages();
      assert.deepEqual(under.consumed(stamp(generation)), stamp(goesOn));
      assert.deepEqual(remarks, expected);
    });
  }
});
