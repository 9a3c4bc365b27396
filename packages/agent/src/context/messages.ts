// Stamps on messages: put on what is published in a request's context, and read again where it is consumed. It knows no
// broker; a queue has no host, so every message of a stamped request carries the stamp.

import type { Context } from './context.ts';
import { mergedWith } from './outgoing.ts';
import { applyIn, current } from './store.ts';

/** Header values as the libraries give them: text, bytes, or lists of them. */
export type Header = (name: string) => unknown;

export interface Messages {
  /** What the headers of a message published now have to hold in addition; null for nothing. */
  stamped(header: Header): Readonly<Record<string, string>> | null;
  /** Calls a consumer in the context of its message, and in none where the message has no stamp. */
  consume<Self, Args extends unknown[], Result>(header: Header, consumer: (this: Self, ...args: Args) => Result, self: Self, args: Args): Result;
}

export interface MessagesOptions {
  readonly adopt: (baggage: string) => Context | null;
  /** Names of `propagate.headers`. */
  readonly carried: () => readonly string[];
  readonly fault: (place: string, fault: unknown) => void;
}

export class StampedMessages implements Messages {
  readonly #options: MessagesOptions;

  constructor(options: MessagesOptions) {
    this.#options = options;
  }

  stamped(header: Header): Readonly<Record<string, string>> | null {
    const context = current();
    if (context === null) return null;
    const baggage = mergedWith(context.baggage, textOf(header('baggage')));
    const raw = context.headers.filter(([name]) => textOf(header(name)) === null);
    return baggage === null && raw.length === 0 ? null : Object.fromEntries(baggage === null ? raw : [['baggage', baggage], ...raw]);
  }

  consume<Self, Args extends unknown[], Result>(header: Header, consumer: (this: Self, ...args: Args) => Result, self: Self, args: Args): Result {
    return applyIn(this.contextOf(header), consumer, self, args);
  }

  /** Null when nothing in the headers can be believed. */
  contextOf(header: Header): Context | null {
    try {
      const baggage = textOf(header('baggage'));
      const context = baggage === null ? null : this.#options.adopt(baggage);
      return context === null ? null : this.#withHeaders(context, header);
    } catch (fault) {
      this.#options.fault('message', fault);
      return null;
    }
  }

  #withHeaders(context: Context, header: Header): Context {
    const headers = this.#options.carried().flatMap((name): [string, string][] => {
      const value = textOf(header(name));
      return value === null ? [] : [[name, value]];
    });
    if (headers.length === 0) return context;
    const { lane, generation, tags, baggage } = context;
    return { lane, generation, tags, baggage, headers };
  }
}

export function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (!Array.isArray(value)) return null;
  const texts = value.map(textOf).filter((text) => text !== null);
  return texts.length === 0 ? null : texts.join(', ');
}
