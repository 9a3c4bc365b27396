// The difference between two compiled snapshots, so that a change of one release among ten thousand is a few hundred bytes.
// It must not know what the fields of a snapshot mean.

import { crc32 } from 'node:zlib';
import type { Snapshot } from '@graylane/rules';

/** By field: another value, or what is replaced in a list. */
export interface SnapshotDelta {
  readonly fields: Readonly<Record<string, FieldDelta>>;
  /** Of the text of the result: a delta on another base than it was made for is noticed. */
  readonly sum: number;
}

type FieldDelta =
  | { readonly kind: 'set'; readonly value: unknown }
  | { readonly kind: 'gone' }
  | { readonly kind: 'splice'; readonly at: number; readonly remove: number; readonly insert: readonly unknown[] };

/** `text`: the JSON of `to`, for whoever has made it already. */
export function deltaOf(from: Snapshot, to: Snapshot, text: string = JSON.stringify(to)): SnapshotDelta {
  const [before, after] = [Object.entries(from), Object.entries(to)];
  const known = new Map<string, unknown>(before);
  const fields: Record<string, FieldDelta> = {};
  for (const [name, value] of after) {
    const old = known.get(name);
    known.delete(name);
    const field = Array.isArray(old) && Array.isArray(value) ? spliceOf(old, value) : isSame(old, value) ? null : { kind: 'set' as const, value: value as unknown };
    if (field !== null) fields[name] = field;
  }
  for (const name of known.keys()) fields[name] = { kind: 'gone' };
  return { fields, sum: crc32(text) };
}

/** Null when the base is not the one that the delta was made for. */
export function withDelta(from: Snapshot, { fields, sum }: SnapshotDelta): Snapshot | null {
  const next = new Map<string, unknown>(Object.entries(from));
  for (const [name, field] of Object.entries(fields)) {
    const old = next.get(name);
    if (field.kind === 'gone') next.delete(name);
    else if (field.kind === 'set') next.set(name, field.value);
    else if (Array.isArray(old)) next.set(name, (old as readonly unknown[]).toSpliced(field.at, field.remove, ...field.insert));
    else return null;
  }
  const text = JSON.stringify(Object.fromEntries(next));
  // A snapshot is what JSON says it is; the sum has said that this is the one that was meant.
  return crc32(text) === sum ? (JSON.parse(text) as Snapshot) : null;
}

/** What both ends have in common stays. Null when that is all. */
function spliceOf(old: readonly unknown[], value: readonly unknown[]): FieldDelta | null {
  const most = Math.min(old.length, value.length);
  let at = 0;
  while (at < most && isSame(old[at], value[at])) at += 1;
  let same = 0;
  while (same < most - at && isSame(old[old.length - 1 - same], value[value.length - 1 - same])) same += 1;
  const [remove, insert] = [old.length - at - same, value.slice(at, value.length - same)];
  return remove === 0 && insert.length === 0 ? null : { kind: 'splice', at, remove, insert };
}

/** Whether both are the same JSON, the order of keys included; their texts would be megabytes. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one)) return Array.isArray(other) && one.length === other.length && one.every((item, n) => isSame(item, other[n]));
  if (Array.isArray(other)) return false;
  const [keys, otherKeys] = [Object.keys(one), Object.keys(other)];
  return keys.length === otherKeys.length && keys.every((key, n) => key === otherKeys[n] && isSame(Reflect.get(one, key), Reflect.get(other, key)));
}
