// What differs between two documents, place by place. Named lists are compared by name, so that an insertion is one change.

import type { Api } from '@graylane/wire';
import { own } from '../own.ts';

export type Change = Api<'Change'>;

/** More than anybody reads; the last entry then says that there are more. */
const CHANGES_LIMIT = 500;

/** All places where `after` differs from `before`; empty when they mean the same JSON. */
export function changesBetween(before: unknown, after: unknown): Change[] {
  const changes: Change[] = [];
  compare('', before, after, changes);
  return changes;
}

/** Whether two documents are the same JSON, whatever the order of keys. */
export function sameDocument(one: unknown, other: unknown): boolean {
  return changesBetween(one, other).length === 0;
}

function compare(pointer: string, before: unknown, after: unknown, changes: Change[]): void {
  if (before === after || changes.length >= CHANGES_LIMIT) return;
  if (before === undefined) changes.push({ pointer, kind: 'added', after });
  else if (after === undefined) changes.push({ pointer, kind: 'removed', before });
  else if (isList(before) && isList(after)) compareLists(pointer, before, after, changes);
  else if (isMap(before) && isMap(after)) compareMaps(pointer, before, after, changes);
  else changes.push({ pointer, kind: 'changed', before, after });
}

function compareMaps(pointer: string, before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>, changes: Change[]): void {
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    compare(`${pointer}/${escaped(key)}`, own(before, key), own(after, key), changes);
  }
}

function compareLists(pointer: string, before: readonly unknown[], after: readonly unknown[], changes: Change[]): void {
  const namedBefore = byName(before);
  const namedAfter = byName(after);
  if (namedBefore !== null && namedAfter !== null) {
    for (const name of new Set([...namedBefore.keys(), ...namedAfter.keys()])) {
      compare(`${pointer}/${escaped(name)}`, namedBefore.get(name), namedAfter.get(name), changes);
    }
    return;
  }
  if (before.length === after.length && before.every((item, index) => sameDocument(item, after[index]))) return;
  changes.push({ pointer, kind: 'changed', before, after });
}

/** The entries of a list in which each has a name of its own, or null. */
function byName(list: readonly unknown[]): ReadonlyMap<string, unknown> | null {
  const named = new Map<string, unknown>();
  for (const item of list) {
    const name = isMap(item) ? own(item, 'name') : undefined;
    if (typeof name !== 'string' || named.has(name)) return null;
    named.set(name, item);
  }
  return named;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** One step of a JSON pointer (RFC 6901). */
function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
