// The stamp on a request: lane, generation and tags as signed members of `baggage`. Written down for other languages in
// docs/stamp.md. Pure; it routes nothing and knows no socket.

import type { Baggage } from './baggage.ts';
import { Recent } from './recent.ts';
import { Seals, type KeyRing, type Mac, type SealRefusal } from './seal.ts';

export interface Stamp {
  /** The release, or '' for stable. */
  readonly lane: string;
  readonly generation: number;
  /** As {@link writeTags} wrote them. */
  readonly tags: string;
}

export type StampRefusal = SealRefusal | 'repeated' | 'incomplete' | 'oversized';

export type Opened =
  | { readonly kind: 'none' }
  | { readonly kind: 'valid'; readonly stamp: Stamp }
  | { readonly kind: 'refused'; readonly reason: StampRefusal };

/** Name and value; a value is bytes, one character each, as Node shows those of a header. */
export type Tag = readonly [name: string, value: string];

/** All four members with their commas. Lane and generation always fit; tags give way. */
export const STAMP_BYTES_LIMIT = 1_024;

/** A request may live as long as a worker drains (30 s unless a version says more), and a job it left behind some minutes longer. */
export const STAMP_LIFETIME_S = 330;

/**
 * A message waits in its queue for longer than any request lasts: as long as brokers keep what nobody has fetched (Kafka's
 * default). Who takes it out believes its stamp for that time, and seals it anew for whatever follows.
 */
export const MESSAGE_GRACE_S: number = 7 * 24 * 3600;

const PURPOSE = 'graylane-stamp-1';
/** Ends are rounded up to whole minutes: the same stamp is then the same text for a while, for whoever remembers it. */
const EXPIRY_STEP_S = 60;
/** Stamps made and stamps seen; a busy process sees a few thousand different users a minute. */
const REMEMBERED = 4_096;

const LANE = /^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,62})?$/;
const GENERATION = /^[1-9]\d{0,15}$/;
const TAGS = /^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,62}=[A-Za-z0-9._~-]*(?:&|$))*$/;

const NONE: Opened = { kind: 'none' };

export class Stamps {
  readonly #seals: Seals;
  readonly #made = new Recent<string>(REMEMBERED);
  readonly #seen = new Recent<{ readonly stamp: Stamp; readonly expiresS: number }>(REMEMBERED);

  constructor(mac: Mac, now: () => number) {
    this.#seals = new Seals(mac, now);
  }

  /** The seals that these stamps are made with, for other texts under the same keys. */
  get seals(): Seals {
    return this.#seals;
  }

  setKeys(ring: KeyRing): void {
    this.#seals.replace(ring);
    this.#made.clear();
    this.#seen.clear();
  }

  get ready(): boolean {
    return this.#seals.ready;
  }

  /** The four members as text for `baggage`, or null without a key. */
  write({ lane, generation, tags }: Stamp): string | null {
    const expiresS = Math.ceil((this.#seals.nowS() + STAMP_LIFETIME_S) / EXPIRY_STEP_S) * EXPIRY_STEP_S;
    const key = `${expiresS} ${generation} ${lane} ${tags}`;
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const seal = this.#seals.seal(PURPOSE, [String(generation), lane, tags], expiresS);
    if (seal === null) return null;
    const text = `graylane.lane=${lane},graylane.gen=${generation},graylane.tags=${tags},graylane.sig=${seal}`;
    this.#made.set(key, text);
    return text;
  }

  /** `graceS`: for so long after its end a stamp holds here; 0 for requests. */
  open({ own, repeated }: Baggage, graceS: number = 0): Opened {
    if (own.size === 0) return NONE;
    if (repeated) return refused('repeated');
    // Some carriers drop members without a value.
    const lane = own.get('lane') ?? '';
    const tags = own.get('tags') ?? '';
    const generation = own.get('gen');
    const seal = own.get('sig');
    if (generation === undefined || seal === undefined) return refused('incomplete');
    if (lane.length + generation.length + tags.length + seal.length + NAMES_BYTES > STAMP_BYTES_LIMIT) return refused('oversized');
    if (!LANE.test(lane) || !GENERATION.test(generation) || !TAGS.test(tags)) return refused('malformed');
    const key = `${seal} ${generation} ${lane} ${tags}`;
    const seen = this.#seen.get(key);
    if (seen !== undefined) return this.#seals.holds(seen.expiresS, graceS) ? { kind: 'valid', stamp: seen.stamp } : refused('expired');
    const expiresS = this.#seals.check(PURPOSE, [generation, lane, tags], seal, graceS);
    if (typeof expiresS === 'string') return refused(expiresS);
    const stamp: Stamp = { lane, generation: Number(generation), tags };
    this.#seen.set(key, { stamp, expiresS });
    return { kind: 'valid', stamp };
  }
}

/** `graylane.lane=`, `graylane.gen=`, `graylane.tags=`, `graylane.sig=` and three commas. */
const NAMES_BYTES = 14 + 13 + 14 + 13 + 3;
/** The longest lane, generation and seal that there can be. */
const FIXED_BYTES: number = NAMES_BYTES + 63 + 16 + 16 + 1 + 11 + 1 + 43;

export interface WrittenTags {
  readonly text: string;
  /** Tags that found no room, the last ones first. */
  readonly dropped: number;
}

/** `name=value&…`; each byte of a value but `A-Z a-z 0-9 . _ -` is `~` and two hexadecimal digits. */
export function writeTags(tags: readonly Tag[]): WrittenTags {
  let text = '';
  let kept = 0;
  for (const [name, value] of tags) {
    const next = `${text}${text === '' ? '' : '&'}${name}=${escaped(value)}`;
    if (next.length + FIXED_BYTES > STAMP_BYTES_LIMIT) break;
    text = next;
    kept += 1;
  }
  return { text, dropped: tags.length - kept };
}

/** What {@link writeTags} wrote. */
export function readTags(text: string): readonly Tag[] {
  if (text === '') return [];
  return text.split('&').flatMap((pair): Tag[] => {
    const equals = pair.indexOf('=');
    return equals < 1 ? [] : [[pair.slice(0, equals), unescaped(pair.slice(equals + 1))]];
  });
}

function escaped(value: string): string {
  if (/^[A-Za-z0-9._-]*$/.test(value)) return value;
  return value.replaceAll(/[^A-Za-z0-9._-]/g, (byte) => `~${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

function unescaped(value: string): string {
  return value.replaceAll(/~([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function refused(reason: StampRefusal): Opened {
  return { kind: 'refused', reason };
}
