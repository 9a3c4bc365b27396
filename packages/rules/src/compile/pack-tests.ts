// Lays compiled matchers out as words, each distinct one once.

import type { Dfa } from '../language/regex/dfa.ts';
import { parseRange } from '../language/semver-range.ts';
import { COMPARISONS, OP } from './layout.ts';
import type { TestPlan } from './program.ts';
import type { Words } from './words.ts';

/** Up to here alternatives are compared one by one; more go through a table. */
const COMPARED_LIMIT = 4;
/** Longer lists are not looked up among those that are there: comparing them costs more than it saves. */
const SHARED_LIMIT = 64;

export class TestPacker {
  readonly #words: Words;
  readonly #known = new Map<string, number>();
  readonly #dfas = new Map<Dfa, number>();
  readonly #classes = new Map<string, number>();

  constructor(words: Words) {
    this.#words = words;
  }

  /** The place of the test. */
  pack(plan: TestPlan): number {
    switch (plan.op) {
      case 'exact': return this.#exact(plan.values);
      case 'prefix': case 'suffix': return this.#shared([OP[plan.op], this.#words.text(plan.text)]);
      case 'decimal': return this.#shared([OP.decimal, ...[plan.gte, plan.gt, plan.lte, plan.lt].map((bound) => (bound === undefined ? -1 : this.#words.text(bound)))]);
      case 'semver': return this.#shared(this.#semver(plan.range));
      case 'dfa': return this.#dfa(plan.dfa);
      case 'present': case 'absent': return this.#shared([OP[plan.op]]);
      case 'not': return this.#shared([OP.not, this.pack(plan.of)]);
      case 'any': return this.#any(plan.of.map((member) => this.pack(member)));
    }
  }

  #shared(words: readonly number[]): number {
    const key = words.join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const at = this.#words.add(words);
    this.#known.set(key, at);
    return at;
  }

  #exact(values: readonly string[]): number {
    if (values.length <= COMPARED_LIMIT) return this.#any(values.map((value) => this.#shared([OP.exact, this.#words.text(value)])));
    const key = values.length <= SHARED_LIMIT ? `table ${JSON.stringify(values)}` : null;
    const known = key === null ? undefined : this.#known.get(key);
    if (known !== undefined) return known;
    const at = this.#words.add([OP.table]);
    // A ref that is not 0: the value is in the list.
    this.#words.table(values.map((value) => [value, 1]), values.length);
    if (key !== null) this.#known.set(key, at);
    return at;
  }

  #any(members: readonly number[]): number {
    const [only] = members;
    return members.length === 1 && only !== undefined ? only : this.#shared([OP.any, members.length, ...members]);
  }

  #semver(range: string): readonly number[] {
    const comparators = parseRange(range) ?? [];
    const texts = (parts: readonly string[]): readonly number[] => parts.map((part) => this.#words.text(part));
    return [OP.semver, comparators.length, ...comparators.flatMap(({ op, version }) => [COMPARISONS.indexOf(op), ...texts(version.core), version.pre.length, ...texts(version.pre)])];
  }

  #dfa(dfa: Dfa): number {
    const known = this.#dfas.get(dfa);
    if (known !== undefined) return known;
    const classes = this.#classesOf(dfa);
    const rows = this.#words.end + 3;
    const place = (state: number): number => rows + state * (dfa.width + 1);
    const at = this.#words.add([OP.dfa, classes, place(0)]);
    dfa.accepting.forEach((accepting, state) => {
      this.#words.add([accepting]);
      for (let c = 0; c < dfa.width; c++) this.#words.add([place(dfa.targets[state * dfa.width + c] ?? 0)]);
    });
    this.#dfas.set(dfa, at);
    return at;
  }

  #classesOf({ classes }: Dfa): number {
    const key = classes.join();
    let at = this.#classes.get(key);
    if (at === undefined) this.#classes.set(key, at = this.#words.add(classes));
    return at;
  }
}
