// The token behind an override: a signed wish for one lane until some time. Pure text under the fleet's keys (seal.ts).

import type { SealRefusal, Seals } from './seal.ts';

/** A link that was sent around is good for a day's work, not for ever. */
export const OVERRIDE_LIFETIME_LIMIT_S: number = 30 * 24 * 3600;

const PURPOSE = 'graylane-override-1';
const TOKEN = /^([A-Za-z0-9_-]{1,16}\.\d{1,11}\.[A-Za-z0-9_-]{43})\.((?:[A-Za-z0-9][A-Za-z0-9._-]{0,62})?)$/;

export type OpenedOverride =
  /** `lane` '' is stable. */
  | { readonly kind: 'valid'; readonly lane: string; readonly expiresS: number }
  | { readonly kind: 'refused'; readonly reason: SealRefusal };

/** `seal.lane`, or null without a key. */
export function writeOverride(seals: Seals, lane: string, expiresS: number): string | null {
  const seal = seals.seal(PURPOSE, [lane], expiresS);
  return seal === null ? null : `${seal}.${lane}`;
}

export function openOverride(seals: Seals, token: string): OpenedOverride {
  const [, seal, lane] = TOKEN.exec(token) ?? [];
  if (seal === undefined || lane === undefined) return { kind: 'refused', reason: 'malformed' };
  const expiresS = seals.check(PURPOSE, [lane], seal);
  return typeof expiresS === 'string' ? { kind: 'refused', reason: expiresS } : { kind: 'valid', lane, expiresS };
}
