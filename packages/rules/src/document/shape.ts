// Small building blocks that check a value and describe it as JSON Schema, from one definition.

import type { Report } from './report.ts';
import { keyName, nameOf, step } from './report.ts';
import { didYouMean } from './suggest.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** `check` reports every fault below `pointer` and says whether there was none. */
export interface Shape<T> {
  readonly check: (value: unknown, pointer: string, report: Report) => value is T & {};
  readonly schema: JsonSchema;
}

export interface RequiredKey<T> { readonly optional: false; readonly shape: Shape<T>; readonly about: string }
export interface OptionalKey<T> { readonly optional: true; readonly shape: Shape<T>; readonly about: string }

/** The keys of `T`, each with its shape; the compiler sees to it that none is missing or of another type. */
export type Keys<T> = { readonly [K in keyof T]-?: Record<string, never> extends Pick<T, K> ? OptionalKey<Exclude<T[K], undefined>> : RequiredKey<T[K]> };

export function required<T>(shape: Shape<T>, about: string): RequiredKey<T> {
  return { optional: false, shape, about };
}

export function optional<T>(shape: Shape<T>, about: string): OptionalKey<T> {
  return { optional: true, shape, about };
}

/** A shape from a plain test. */
export function shape<T>(schema: JsonSchema, check: (value: unknown, pointer: string, report: Report) => boolean): Shape<T> {
  return { schema, check: (value, pointer, report): value is T & {} => check(value, pointer, report) };
}

export function wrongType(value: unknown, pointer: string, report: Report, wanted: string): false {
  return report.add('GL1002', pointer, `${nameOf(value)} stands where ${wanted} belongs`, `write ${wanted}`);
}

/** A plain object: nothing that a class or a prototype could bring along. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

export function object<T>(noun: string, keys: Keys<T>): Shape<T> {
  const known = Object.entries<RequiredKey<unknown> | OptionalKey<unknown>>(keys);
  const names = known.map(([name]) => name);
  const schema: JsonSchema = {
    type: 'object',
    additionalProperties: false,
    required: known.filter(([, key]) => !key.optional).map(([name]) => name),
    properties: Object.fromEntries(known.map(([name, key]) => [name, { description: key.about, ...key.shape.schema }])),
  };
  return shape<T>(schema, (value, pointer, report) => {
    if (!isPlain(value)) return wrongType(value, pointer, report, `${noun} (an object)`);
    let ok = true;
    for (const name of Object.keys(value)) {
      if (!names.includes(name)) ok = unknownKey(name, names, noun, pointer, report);
    }
    for (const [name, key] of known) {
      const member = Object.hasOwn(value, name) ? value[name] : undefined;
      if (member !== undefined) ok = key.shape.check(member, step(pointer, name), report) && ok;
      else if (!key.optional) ok = report.add('GL1001', pointer, `${noun} has no \`${name}\``, `add \`${name}\`: ${key.about}`);
    }
    return ok;
  });
}

function unknownKey(name: string, names: readonly string[], noun: string, pointer: string, report: Report): false {
  const fix = didYouMean(name, names) || `remove it; known here: ${names.join(', ')}`;
  return report.add('GL1003', step(pointer, name), `${keyName(name)} is not a key of ${noun}`, fix);
}

/** An object whose keys are names; `named` reports a bad one. */
export function mapOf<V>(noun: string, named: (name: string, pointer: string, report: Report) => boolean, values: Shape<V>, pattern: string): Shape<Readonly<Record<string, V>>> {
  const schema: JsonSchema = { type: 'object', propertyNames: { pattern }, additionalProperties: values.schema };
  return shape(schema, (value, pointer, report) => {
    if (!isPlain(value)) return wrongType(value, pointer, report, `${noun} (an object)`);
    let ok = true;
    for (const name of Object.keys(value)) {
      const at = step(pointer, name);
      ok = named(name, at, report) && ok;
      ok = values.check(value[name], at, report) && ok;
    }
    return ok;
  });
}

export function listOf<T>(noun: string, items: Shape<T>, bounds: { readonly min: number; readonly max: number }): Shape<readonly T[]> {
  const schema: JsonSchema = { type: 'array', items: items.schema, minItems: bounds.min, maxItems: bounds.max };
  return shape(schema, (value, pointer, report) => {
    if (!Array.isArray(value)) return wrongType(value, pointer, report, `a list of ${noun}`);
    const list: readonly unknown[] = value;
    if (list.length < bounds.min) return report.add('GL1004', pointer, `the list of ${noun} is empty`, `give at least ${bounds.min}, or leave the key out`);
    if (list.length > bounds.max) return report.add('GL1007', pointer, `${list.length} ${noun} are more than ${bounds.max}`, 'split the document');
    let ok = true;
    for (let i = 0; i < list.length; i++) ok = items.check(list[i], step(pointer, i), report) && ok;
    return ok;
  });
}

/** A value of either form; `pick` says which one was meant, so that the errors speak of that one. */
export function either<A, B>(first: Shape<A>, second: Shape<B>, pickFirst: (value: unknown) => boolean): Shape<A | B> {
  return shape({ anyOf: [first.schema, second.schema] }, (value, pointer, report) =>
    pickFirst(value) ? first.check(value, pointer, report) : second.check(value, pointer, report));
}
