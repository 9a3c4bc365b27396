// What makes a user the same user: the key of a release, and the bucket that it gives.

import { HEAD, RELEASE } from '../compile/layout.ts';
import type { Snapshot, StickyPlan } from '../compile/snapshot.ts';
import type { RequestFields } from '../contract.ts';
import { bucketOfBytes, LAST_BUCKET, saltPrefix } from './bucket.ts';
import { headerLine } from './derived.ts';
import type { HashPrefix } from './murmur.ts';
import type { Reader } from './reader.ts';
import type { Clauses } from './clauses.ts';
import type { Tables } from './tables.ts';

/** Enough for a bucket, too few to know a person by. */
const ID_BITS = 20;
const ID_DIGITS = ID_BITS / 4;

/** How a release finds its key. */
interface Keys { readonly prefix: HashPrefix; readonly stickyBy: readonly StickyPlan[] }

/** Answers for one request at a time; {@link begin} starts the next. */
export class Sticky {
  readonly #snapshot: Snapshot;
  readonly #tables: Tables;
  readonly #reader: Reader;
  readonly #clauses: Clauses;
  readonly #random: () => number;
  /** Made when first needed: most releases of a long list are never asked for. */
  readonly #keys: (Keys | undefined)[];
  #request: RequestFields | null = null;
  #draw: string | null = null;
  /** The id minted for this request. */
  minted: string | null = null;

  constructor(snapshot: Snapshot, tables: Tables, reader: Reader, clauses: Clauses, random: () => number) {
    this.#snapshot = snapshot;
    this.#tables = tables;
    this.#reader = reader;
    this.#clauses = clauses;
    this.#random = random;
    this.#keys = new Array<Keys | undefined>(snapshot.releases.length);
  }

  #of(release: number): Keys {
    return this.#keys[release] ??= this.#load(release);
  }

  #load(release: number): Keys {
    const at = this.#tables.word(HEAD.releases) + release * RELEASE.size;
    return { prefix: saltPrefix(this.#tables.text(this.#tables.word(at + RELEASE.salt))), stickyBy: this.#snapshot.terms[this.#tables.word(at + RELEASE.terms)]?.stickyBy ?? [] };
  }

  begin(request: RequestFields): void {
    this.#request = request;
    this.#draw = null;
    this.minted = null;
  }

  /** `mayMint` is false for questions that the request itself does not pose. */
  bucket(release: number, mayMint: boolean): number {
    const { prefix, stickyBy } = this.#of(release);
    for (let i = 0; i < stickyBy.length; i++) {
      const sticky = stickyBy[i];
      const key = sticky === undefined ? null : this.#key(sticky, mayMint);
      if (key !== null) return bucketOfBytes(prefix, key);
    }
    return LAST_BUCKET;
  }

  /** The bucket of a key that the user will have again; null where this request's bucket was drawn for it alone. */
  userBucket(release: number): number | null {
    const { prefix, stickyBy } = this.#of(release);
    for (const sticky of stickyBy) {
      if (sticky.kind === 'request') return null;
      const key = this.#reader.value(sticky.field) || (sticky.kind === 'anonymous' ? this.minted : null);
      if (key !== null && key !== '') return bucketOfBytes(prefix, key);
    }
    return null;
  }

  /** Which of the release's keys the request has, as the document calls it. */
  label(release: number): string | null {
    for (const sticky of this.#of(release).stickyBy) {
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
    let at = this.#tables.word(HEAD.consent);
    for (let left = this.#tables.word(HEAD.consentCount); left > 0; left--, at += 2) if (!this.#clauses.holds(this.#tables.word(at), this.#tables.word(at + 1))) return false;
    return this.#snapshot.settings.mint === 'always' || (this.#request !== null && isNavigation(this.#request));
  }
}

/** A person opens a page: Fetch Metadata says so, or, where a browser sends none, Accept does. */
function isNavigation(request: RequestFields): boolean {
  const mode = headerLine(request, 'sec-fetch-mode');
  return mode === null ? (headerLine(request, 'accept') ?? '').toLowerCase().includes('text/html') : mode === 'navigate';
}
