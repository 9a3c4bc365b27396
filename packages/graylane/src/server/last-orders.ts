// What a data plane was told last, on disk: it goes on under it when it starts and no server is there. It must not know who told it.

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import type { PoolWish } from '@graylane/control';
import type { Snapshot } from '@graylane/rules';

export interface Orders {
  readonly generation: number;
  readonly snapshot: Snapshot | null;
  readonly wishes: readonly PoolWish[];
}

const NONE: Orders = { generation: 0, snapshot: null, wishes: [] };

/** What is there, or nothing; a file that cannot be read is none, for a server will tell again. */
export function readOrders(file: string): Orders {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Partial<Orders>;
    return typeof value.generation === 'number' && Array.isArray(value.wishes) ? { generation: value.generation, snapshot: value.snapshot ?? null, wishes: value.wishes as readonly PoolWish[] } : NONE;
  } catch {
    return NONE;
  }
}

/** In one piece: a machine that dies in the middle has the orders before. */
export function writeOrders(file: string, orders: Orders): void {
  const draft = `${file}.part`;
  const descriptor = openSync(draft, 'w', 0o600);
  try {
    writeSync(descriptor, JSON.stringify(orders));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(draft, file);
}
