// The router's own test of a value, for one matcher alone.

import { TestPacker } from '../compile/pack-tests.ts';
import type { TestPlan } from '../compile/program.ts';
import { Words } from '../compile/words.ts';
import { Tables } from '../route/tables.ts';

export type Test = (value: string | null) => boolean;

export function testOf(plan: TestPlan): Test {
  const words = new Words();
  const at = new TestPacker(words).pack(plan);
  const tables = new Tables({ words: words.list, texts: words.texts });
  return (value) => tables.holds(at, value);
}
