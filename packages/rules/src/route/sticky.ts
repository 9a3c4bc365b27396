// What makes a user the same user: the key of a release, and the bucket that it gives.

import type { ReleasePlan, SettingsPlan, StickyPlan } from '../compile/snapshot.ts';
import type { RequestFields } from '../contract.ts';
import { bucketOfBytes, LAST_BUCKET, saltPrefix } from './bucket.ts';
import { headerLine } from './derived.ts';
import type { HashPrefix } from './murmur.ts';
import type { Reader } from './reader.ts';
import type { Test } from './test.ts';
import { loadTest } from './test.ts';

/** Enough for a bucket, too few to know a person by. */
const ID_BITS = 20;
const ID_DIGITS = ID_BITS / 4;

/** Answers for one request at a time; {@link begin} starts the next. */
export class Sticky {
  readonly #reader: Reader;
  readonly #random: () => number;
  readonly #always: boolean;
  readonly #consent: readonly { readonly field: number; readonly test: Test }[];
  readonly #keys: readonly { readonly prefix: HashPrefix; readonly stickyBy: readonly StickyPlan[] }[];
  #request: RequestFields | null = null;
  #draw: string | null = null;
  /** The id minted for this request. */
  minted: string | null = null;

  constructor(releases: readonly ReleasePlan[], settings: SettingsPlan, reader: Reader, random: () => number) {
    this.#reader = reader;
    this.#random = random;
    this.#always = settings.mint === 'always';
    this.#consent = settings.consent.map(({ field, test }) => ({ field, test: loadTest(test) }));
    this.#keys = releases.map(({ salt, stickyBy }) => ({ prefix: saltPrefix(salt), stickyBy }));
  }

  begin(request: RequestFields): void {
    this.#request = request;
    this.#draw = null;
    this.minted = null;
  }

  /** `mayMint` is false for questions that the request itself does not pose. */
  bucket(release: number, mayMint: boolean): number {
    const plan = this.#keys[release];
    if (plan === undefined) return LAST_BUCKET;
    for (const sticky of plan.stickyBy) {
      const key = this.#key(sticky, mayMint);
      if (key !== null) return bucketOfBytes(plan.prefix, key);
    }
    return LAST_BUCKET;
  }

  /** The bucket of a key that the user will have again; null where this request's bucket was drawn for it alone. */
  userBucket(release: number): number | null {
    const plan = this.#keys[release];
    if (plan === undefined) return null;
    for (const sticky of plan.stickyBy) {
      if (sticky.kind === 'request') return null;
      const key = this.#reader.value(sticky.field) || (sticky.kind === 'anonymous' ? this.minted : null);
      if (key !== null && key !== '') return bucketOfBytes(plan.prefix, key);
    }
    return null;
  }

  /** Which of the release's keys the request has, as the document calls it. */
  label(release: number): string | null {
    for (const sticky of this.#keys[release]?.stickyBy ?? []) {
      if (sticky.kind !== 'field') return sticky.kind;
      if ((this.#reader.value(sticky.field) ?? '') !== '') return sticky.label;
    }
    return null;
  }

  #key(sticky: StickyPlan, mayMint: boolean): string | null {
    if (sticky.kind === 'request') return this.#fresh();
    const value = this.#reader.value(sticky.field);
    if (value !== null && value !== '') return value;
    return sticky.kind === 'anonymous' ? this.#anonymous(mayMint) : null;
  }

  #anonymous(mayMint: boolean): string {
    if (this.minted === null && mayMint && this.#mayMint()) this.minted = Math.floor(this.#random() * 2 ** ID_BITS).toString(16).padStart(ID_DIGITS, '0');
    return this.minted ?? this.#fresh();
  }

  /** One draw per request: every release hashes it with its own salt. */
  #fresh(): string {
    this.#draw ??= String(Math.floor(this.#random() * 2 ** 32));
    return this.#draw;
  }

  #mayMint(): boolean {
    for (const { field, test } of this.#consent) if (!test(this.#reader.value(field))) return false;
    return this.#always || (this.#request !== null && isNavigation(this.#request));
  }
}

/** A person opens a page: Fetch Metadata says so, or, where a browser sends none, Accept does. */
function isNavigation(request: RequestFields): boolean {
  const mode = headerLine(request, 'sec-fetch-mode');
  return mode === null ? (headerLine(request, 'accept') ?? '').toLowerCase().includes('text/html') : mode === 'navigate';
}
