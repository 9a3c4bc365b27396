// From a region to a request that lies in it and can be sent as it stands; the router itself confirms it.

import type { SourcePlan } from '../compile/snapshot.ts';
import { BUCKETS } from '../compile/threshold.ts';
import type { RequestFields } from '../contract.ts';
import { bucketOfBytes } from '../route/bucket.ts';
import type { Box } from './box.ts';
import type { ClassSet } from './classset.ts';
import type { Dimension, Model } from './model.ts';
import type { Partition } from './partition.ts';

/** Keys tried for one field; a millionth of an audience is still found. */
const KEYS_LIMIT = 5_000_000;
/** So many times the expected number: one search in a hundred million fails. */
const TRIES_PER_CHANCE = 18;
/** Values that fit but have left the class, before the class is listed instead. */
const STRAYS_LIMIT = 100;
/** Draws tried where a request has no key. */
const DRAWS = 4_096;
const ALL_DRAWS: readonly number[] = Array.from({ length: DRAWS }, (_, i) => (i + 0.5) / DRAWS);

export interface Sketch {
  readonly request: RequestFields;
  readonly at: number | null;
  /** Values of the random source under which it lies in the region; a request with a key needs none. */
  readonly draws: readonly number[];
}

/** Null when the region has no request that anybody could send (a verified claim, a key nobody found). */
export function sketch(model: Model, box: Box): Sketch | null {
  const writer = new Writer();
  let at: number | null = null;
  const drawn = new Set<string>();
  for (const [place, set] of [...box].sort(([a], [b]) => a - b)) {
    const dimension = model.dimensions[place];
    if (dimension === undefined) return null;
    if (dimension.kind === 'time') at = timeIn(dimension.cuts, set);
    else if (dimension.kind === 'bucket') {
      if (typeof dimension.source === 'string') drawn.add(dimension.source);
    }
    else {
      const value = valueFor(model, place, set, box);
      if (value === undefined || !writer.put(model.dimensions, place, value)) return null;
    }
  }
  // What is drawn for the request and for its visitor differ only where the visitor gets an id.
  if (drawn.size > 1) writer.navigate();
  return { request: writer.request(), at, draws: drawn.size > 0 ? ALL_DRAWS : [0.5] };
}

/** A random source that begins with `draw`; what follows depends on it, as if it were drawn anew. */
export function drawing(draw: number): () => number {
  const stride = draw * DRAWS * 0.618_033_988_75 % 1;
  let next = draw;
  return () => {
    const value = next;
    next = (next + stride) % 1;
    return value;
  };
}

/** A value of the field that also hashes into the wanted buckets; undefined when none was found. */
function valueFor(model: Model, place: number, set: ClassSet, box: Box): string | null | undefined {
  const dimension = model.dimensions[place];
  if (dimension?.kind !== 'field' || dimension.partition === null) return undefined;
  const chosen = model.pick(place, set);
  const wanted = bucketsOf(model, place, box);
  const first = dimension.partition.classes[chosen];
  if (wanted.length === 0) return first?.trap === true ? '/.' : first?.value;
  return findKey(model, dimension.partition, chosen, wanted);
}

/** Numbers are hung on a value of the class first, for that is fast and nearly always stays inside; then the class is listed. */
function findKey(model: Model, partition: Partition, chosen: number, wanted: readonly Bucket[]): string | undefined {
  const fits = (value: string): boolean => wanted.every((bucket) => bucket.has(value));
  const tries = Math.min(KEYS_LIMIT, Math.ceil(TRIES_PER_CHANCE / wanted.reduce((chance, bucket) => chance * bucket.share, 1)));
  const start = partition.classes[chosen]?.value ?? '';
  let strays = 0;
  let n = 0;
  for (; n < tries && strays < STRAYS_LIMIT && model.keys.spend(1); n++) {
    const value = start + String(n);
    if (!fits(value)) continue;
    if (partition.has(chosen, value)) return value;
    strays += 1;
  }
  for (const value of partition.values(chosen)) {
    if (fits(value)) return value;
    if (++n > 2 * tries || !model.keys.spend(1)) break;
  }
  return undefined;
}

interface Bucket { readonly has: (key: string) => boolean; readonly share: number }

function bucketsOf(model: Model, field: number, box: Box): readonly Bucket[] {
  return [...box].flatMap(([place, set]) => {
    const dimension = model.dimensions[place];
    if (dimension?.kind !== 'bucket' || dimension.source !== field) return [];
    return [{ has: (key: string): boolean => set.has(interval(dimension.cuts, bucketOfBytes(dimension.prefix, key))), share: bucketShare(dimension.cuts, set) }];
  });
}

/** The part of all buckets (0-1) in a set of intervals. */
export function bucketShare(cuts: readonly number[], set: ClassSet): number {
  return set.members().reduce((sum, i) => sum + (cuts[i] ?? BUCKETS) - (i === 0 ? 0 : cuts[i - 1] ?? 0), 0) / BUCKETS;
}

function interval(cuts: readonly number[], value: number): number {
  let i = 0;
  while (i < cuts.length && value >= (cuts[i] ?? 0)) i += 1;
  return i;
}

function timeIn(cuts: readonly number[], set: ClassSet): number {
  const found = set.first();
  return found <= 0 ? (cuts[0] ?? 1) - 1 : cuts[found - 1] ?? 0;
}

/** Collects values into one request. */
class Writer {
  #method = 'GET';
  #path = '/';
  #host: string | null = 'localhost';
  readonly #headers: (readonly [string, string])[] = [];
  readonly #cookies: string[] = [];
  readonly #query: string[] = [];

  /** False when nobody can send such a value. */
  put(dimensions: readonly Dimension[], field: number, value: string | null): boolean {
    const dimension = dimensions[field];
    if (dimension?.kind !== 'field' || dimension.partition === null) return false;
    const { plan } = dimension.partition;
    switch (plan.kind) {
      case 'method': this.#method = value ?? this.#method; return true;
      case 'path': this.#path = value ?? this.#path; return true;
      case 'host': this.#host = value; return true;
      case 'header': if (value !== null) this.#headers.push([plan.name, value]); return true;
      case 'cookie': if (value !== null) this.#cookies.push(`${plan.name}=${value}`); return true;
      case 'query': if (value !== null) this.#query.push(`${escape(plan.name)}=${escape(value)}`); return true;
      case 'tag': return value === null || this.#derived(dimensions, plan.sources, value);
    }
  }

  #derived(dimensions: readonly Dimension[], [source]: readonly SourcePlan[], value: string): boolean {
    if (source?.kind === 'field') return this.put(dimensions, source.field, value);
    if (source?.kind !== 'userAgent' || source.part !== 'os' || /["\\]/.test(value)) return false;
    this.#headers.push(['sec-ch-ua-platform', `"${value}"`]);
    return true;
  }

  /** Opens a page, as far as the rules leave that open. */
  navigate(): void {
    if (!this.#headers.some(([name]) => name === 'sec-fetch-mode')) this.#headers.push(['sec-fetch-mode', 'navigate']);
  }

  request(): RequestFields {
    const lines: (readonly [string, string])[] = [
      ...(this.#host === null ? [] : [['host', this.#host] as const]),
      ...this.#headers,
      ...(this.#cookies.length === 0 ? [] : [['cookie', this.#cookies.join('; ')] as const]),
    ];
    return { method: this.#method, target: this.#query.length === 0 ? this.#path : `${this.#path}?${this.#query.join('&')}`, rawHeaders: lines.flat() };
  }
}

/** Percent-encoding of everything but letters and digits; the text is bytes already. */
function escape(bytes: string): string {
  return bytes.replace(/[^0-9A-Za-z_-]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
