// What the store keeps of a webhook, and under which key. It must not know how one is told of anything.

import { keys } from '../strategy/record.ts';

export interface StoredHook {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
  /** Of the kinds of events; empty is all. */
  readonly kinds: readonly string[];
  /** The last event that was delivered or given up. */
  readonly cursor: number;
  readonly failures: number;
  readonly lastError: string | null;
}

export const HOOKS_PREFIX = 'webhook/';

export function hookKey(id: string): string {
  return HOOKS_PREFIX + id;
}

/** The number in the key of an event. */
export function seqOf(key: string): number {
  return Number(key.slice(keys.events.length));
}
