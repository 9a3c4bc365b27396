// What a request carries on through this process and beyond: its lane, generation and tags, with the stamp that says so.
// Signed when something asks for it, for many requests cause no other. It selects nothing.

import { fromBytes } from '@graylane/rules';
import { readTags, type Stamp, type Stamps } from '@graylane/wire';
import type { Context } from '../context/context.ts';

export type CarriedHeaders = Context['headers'];

const NO_HEADERS: CarriedHeaders = [];

export class Carried implements Context {
  readonly lane: string | null;
  readonly generation: number;
  readonly headers: CarriedHeaders;
  readonly #stamps: Stamps;
  #text: string | (() => string);
  #tags: Readonly<Record<string, string>> | null = null;

  /** `tags` as in a stamp, or what reads them when they are asked for. */
  constructor({ lane, generation, tags }: Omit<Stamp, 'tags'> & { readonly tags: string | (() => string) }, stamps: Stamps, headers: CarriedHeaders) {
    this.lane = lane === '' ? null : lane;
    this.generation = generation;
    this.headers = headers;
    this.#stamps = stamps;
    this.#text = tags;
  }

  get tags(): Readonly<Record<string, string>> {
    this.#tags ??= Object.fromEntries(readTags(this.#written).map(([name, value]) => [name, fromBytes(value)]));
    return this.#tags;
  }

  /** Asked for anew each time: a WebSocket outlives every seal. Equal stamps of one minute are remembered where they are made. */
  get baggage(): string {
    return this.#stamps.write({ lane: this.lane ?? '', generation: this.generation, tags: this.#written }) ?? '';
  }

  get #written(): string {
    if (typeof this.#text === 'function') this.#text = this.#text();
    return this.#text;
  }
}

/** The headers of `propagate.headers` (lower case) that a request has. */
export function carriedHeaders(names: readonly string[], rawHeaders: readonly string[]): CarriedHeaders {
  if (names.length === 0) return NO_HEADERS;
  const found: (readonly [string, string])[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    if (names.includes(name)) found.push([name, rawHeaders[i + 1] ?? '']);
  }
  return found;
}
