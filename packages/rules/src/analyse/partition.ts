// The values of one field in classes that no rule tells apart: the exact finite picture of an infinite space.

import type { TestPlan } from '../compile/program.ts';
import type { FieldPlan } from '../compile/snapshot.ts';
import { parseRange } from '../language/semver-range.ts';
import type { Test } from './test.ts';
import { testOf } from './test.ts';
import { ClassSet } from './classset.ts';
import { decimalTable } from './machine/decimal.ts';
import type { ProductClass } from './machine/product.ts';
import { Product } from './machine/product.ts';
import { semverTable } from './machine/semver.ts';
import { spaceOf } from './machine/space.ts';
import type { Table } from './machine/table.ts';
import { tableOf } from './machine/table.ts';
import { prefixTable, suffixTable } from './machine/texts.ts';

export interface ValueClass {
  /** A value of the class; null is the absent value, or a path that no rule matches. */
  readonly value: string | null;
  /** The class is this one value, because some rule names it. */
  readonly literal: boolean;
  readonly trap: boolean;
}

/** Values that need no explanation in a witness; they are classes of their own so that they can be picked. */
const NATURAL: Readonly<Partial<Record<FieldPlan['kind'], readonly string[]>>> = {
  method: ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS'], path: ['/'], host: ['localhost'],
};

interface Loaded { readonly test: Test; readonly plan: TestPlan }

export class Partition {
  readonly plan: FieldPlan;
  readonly classes: readonly ValueClass[];
  readonly #sets = new Map<string, ClassSet>();
  readonly #literals: ReadonlyMap<string, number>;
  readonly #product: Product;
  readonly #sources: readonly (ProductClass | null)[];

  private constructor(plan: FieldPlan, classes: readonly (ValueClass & { readonly source: ProductClass | null })[], literals: ReadonlyMap<string, number>, product: Product) {
    this.plan = plan;
    this.classes = classes;
    this.#literals = literals;
    this.#product = product;
    this.#sources = classes.map(({ source }) => source);
  }

  /** `keyed`: some release's percentage hashes the field, so an empty value counts apart. Null when there are too many classes to tell. */
  static of(plan: FieldPlan, tests: readonly TestPlan[], keyed: boolean): Partition | null {
    const atoms = new Atoms();
    if (keyed) atoms.exact.add('');
    for (const value of NATURAL[plan.kind] ?? []) atoms.exact.add(value);
    for (const test of tests) atoms.collect(test);
    const space = spaceOf(plan);
    const product = Product.of(space.allowed, space.trap, atoms.tables());
    if (product === null) return null;
    const isTrap = (found: ProductClass): boolean => space.trap !== null && found.labels[1] === '1';
    const literals = [...atoms.exact].filter((value) => accepts(space.allowed, value) && (space.trap === null || !accepts(space.trap, value)));
    const named = new Set(literals);
    const others = product.classes.filter((found) => !isTrap(found)).flatMap((source) => {
      const short = product.shortest(source);
      const value = named.has(short) ? product.words(source, named).next().value : short;
      return typeof value === 'string' ? [{ value, literal: false, trap: false, source }] : [];
    });
    const hasAbsent = plan.kind !== 'path' && plan.kind !== 'method';
    const classes = [
      ...(hasAbsent ? [{ value: null, literal: false, trap: false, source: null }] : []),
      ...literals.map((value) => ({ value, literal: true, trap: false, source: null })),
      ...others,
      ...(space.trap === null ? [] : [{ value: null, literal: false, trap: true, source: null }]),
    ];
    const offset = hasAbsent ? 1 : 0;
    return new Partition(plan, classes, new Map(literals.map((value, i) => [value, offset + i])), product);
  }

  /** The classes for which a test holds; sets of equal tests are the same object. */
  setOf(plan: TestPlan): ClassSet {
    const key = JSON.stringify(plan);
    let set = this.#sets.get(key);
    if (set === undefined) this.#sets.set(key, set = this.#compute({ plan, test: testOf(plan) }));
    return set;
  }

  #compute({ plan, test }: Loaded): ClassSet {
    const { length } = this.classes;
    if (plan.op === 'exact') return ClassSet.of(length, plan.values.flatMap((value) => this.#literals.get(value) ?? []));
    // The router's own test, on one value of each class: every atom of the test is constant on a class.
    return ClassSet.where(length, (i) => this.#holds(test, this.classes[i]));
  }

  #holds(test: Test, found: ValueClass | undefined): boolean {
    return found !== undefined && !found.trap && test(found.value);
  }

  /** Whether a value is of the class. */
  has(place: number, value: string): boolean {
    const source = this.#sources[place];
    if (source === null || source === undefined) return this.classes[place]?.value === value;
    return !this.#literals.has(value) && this.#product.has(source, value);
  }

  /** Values of the class, shortest first; endless for most classes that are not literal. */
  * values(place: number): Generator<string, void> {
    const found = this.classes[place];
    const source = this.#sources[place];
    if (source !== null && source !== undefined) yield* this.#product.words(source, this.#literals);
    else if (found !== undefined && found.value !== null) yield found.value;
  }

  /** The class to show when any of `set` will do: what a plain request has, else the first. */
  preferred(set: ClassSet): number {
    for (const value of NATURAL[this.plan.kind] ?? []) {
      const place = this.#literals.get(value);
      if (place !== undefined && set.has(place)) return place;
    }
    return set.first();
  }
}

function accepts(table: Table, value: string): boolean {
  let state = 0;
  for (let i = 0; i < value.length; i++) state = table.targets[state * table.width + (table.classes[value.charCodeAt(i)] ?? 0)] ?? 0;
  return table.labels[state] === '1';
}

/** What tests are made of, each thing once. */
class Atoms {
  readonly exact = new Set<string>();
  readonly #prefixes = new Set<string>();
  readonly #suffixes = new Set<string>();
  readonly #tables = new Map<string, () => Table>();

  collect(plan: TestPlan): void {
    switch (plan.op) {
      case 'exact': for (const value of plan.values) this.exact.add(value); return;
      case 'prefix': this.#prefixes.add(plan.text); return;
      case 'suffix': this.#suffixes.add(plan.text); return;
      case 'dfa': this.#tables.set(`dfa ${JSON.stringify(plan.dfa)}`, () => tableOf(plan.dfa)); return;
      case 'decimal': for (const bound of [plan.gte, plan.gt, plan.lte, plan.lt]) if (bound !== undefined) this.#tables.set(`decimal ${bound}`, () => decimalTable(bound)); return;
      case 'semver': for (const { version } of parseRange(plan.range) ?? []) this.#tables.set(`semver ${JSON.stringify(version)}`, () => semverTable(version)); return;
      case 'not': this.collect(plan.of); return;
      case 'any': for (const member of plan.of) this.collect(member); return;
      case 'present': case 'absent': return;
    }
  }

  tables(): readonly Table[] {
    return [
      ...(this.#prefixes.size === 0 ? [] : [prefixTable([...this.#prefixes])]),
      ...(this.#suffixes.size === 0 ? [] : [suffixTable([...this.#suffixes])]),
      ...[...this.#tables.values()].map((make) => make()),
    ];
  }
}
