// What a request carries on through this process and beyond: its lane, generation and tags, with the stamp that says so.
// Signed when something asks for it, for many requests cause no other. It selects nothing.

import { fromBytes } from '@graylane/rules';
import { readTags, type Stamp, type Stamps } from '@graylane/wire';
import type { Context } from '../context/context.ts';

export type CarriedHeaders = Context['headers'];

const NO_HEADERS: CarriedHeaders = [];

export class Carried implements Context {
  readonly #stamp: Stamp;
  readonly #stamps: Stamps;
  readonly headers: CarriedHeaders;
  #tags: Readonly<Record<string, string>> | null = null;

  constructor(stamp: Stamp, stamps: Stamps, headers: CarriedHeaders) {
    this.#stamp = stamp;
    this.#stamps = stamps;
    this.headers = headers;
  }

  get lane(): string | null {
    return this.#stamp.lane === '' ? null : this.#stamp.lane;
  }

  get generation(): number {
    return this.#stamp.generation;
  }

  get tags(): Readonly<Record<string, string>> {
    this.#tags ??= Object.fromEntries(readTags(this.#stamp.tags).map(([name, value]) => [name, fromBytes(value)]));
    return this.#tags;
  }

  /** Asked for anew each time: a WebSocket outlives every seal. Equal stamps of one minute are remembered where they are made. */
  get baggage(): string {
    return this.#stamps.write(this.#stamp) ?? '';
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
