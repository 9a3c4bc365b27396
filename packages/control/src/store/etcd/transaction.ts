// A commit as one etcd transaction: all conditions compared, all writes in one revision. It must not send it.

import { StoreError } from '../errors.ts';
import type { Condition, Write } from '../store.ts';
import { keyText, valueText } from './codec.ts';

export type Operation = Readonly<Record<string, unknown>>;

export interface Transaction {
  readonly compare: readonly Operation[];
  readonly success: readonly Operation[];
  /** Reads what stands where a condition may have failed. */
  readonly failure: readonly Operation[];
}

const ROOM = 'start it with --max-txn-ops=20500 and say so in its address: ?txnOps=20500';

/** `limit` is etcd's `--max-txn-ops`. Throws `too-large` when even nesting does not help. */
export function transactionOf(prefix: string, conditions: readonly Condition[], writes: readonly Write[], limit: number): Transaction {
  if (conditions.length > limit) throw new StoreError('too-large', `${conditions.length} conditions in one commit are over what etcd takes; ${ROOM}`);
  const compare = conditions.map(({ key, revision }) => ({ key: keyText(prefix + key), target: 'MOD', result: 'EQUAL', mod_revision: String(revision) }));
  return {
    compare,
    // The room of a nested transaction is what the one around it leaves, and that counts its comparisons too.
    success: nested(writes.map((write) => operationOf(prefix, write)), limit, compare.length),
    failure: conditions.map(({ key }) => ({ request_range: { key: keyText(prefix + key) } })),
  };
}

function operationOf(prefix: string, { key, value, lease }: Write): Operation {
  if (value === null) return { request_delete_range: { key: keyText(prefix + key) } };
  return { request_put: { key: keyText(prefix + key), value: valueText(value), ...(lease === undefined ? {} : { lease }) } };
}

/**
 * Transactions in transactions, so that a large commit is one revision on an etcd with its default limits, too:
 * of `limit` places each level takes its own operations, and what it leaves is the limit of those inside.
 */
function nested(operations: readonly Operation[], limit: number, compared: number): readonly Operation[] {
  if (operations.length <= limit) return operations;
  const levels = [2, 3].find((count) => room(limit, count, compared) >= operations.length);
  if (levels === undefined) throw new StoreError('too-large', `${operations.length} writes in one commit are over what etcd takes; ${ROOM}`);
  const outer = outerPlaces(limit, levels, compared);
  const size = Math.ceil(operations.length / outer);
  const groups = Array.from({ length: Math.ceil(operations.length / size) }, (_, n) => operations.slice(n * size, (n + 1) * size));
  const inside = limit - Math.max(compared, groups.length);
  return groups.map((group) => ({ request_txn: { success: nested(group, inside, 0) } }));
}

function outerPlaces(limit: number, levels: number, compared: number): number {
  return Math.max(1, Math.max(compared, Math.floor(limit / levels)));
}

function room(limit: number, levels: number, compared: number): number {
  if (levels === 1) return Math.max(0, limit);
  const outer = outerPlaces(limit, levels, compared);
  return outer * room(limit - outer, levels - 1, 0);
}
