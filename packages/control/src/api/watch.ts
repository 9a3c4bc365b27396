// The store's changes as server-sent events: one stream, resumable by the id of the last event, at the reader's own pace.

import type { Api } from '@graylane/wire';
import type { StoredEvent } from '../plane/ledger.ts';
import type { ReleaseState } from '../release/state.ts';
import { ControlError } from '../problem.ts';
import { StoreError } from '../store/errors.ts';
import type { Change, Store } from '../store/store.ts';
import { TOKENS_PREFIX } from '../access/tokens.ts';
import { keys } from '../strategy/record.ts';
import type { StrategyRecord } from '../strategy/record.ts';
import type { Clock } from '../clock.ts';

/** Proxies and clients take a silent connection for a dead one; half of the shortest usual limit. */
const HEARTBEAT_MS = 15_000;

export interface WatchOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** The store's revision after which changes are told. */
  readonly after: number;
  /** Asked when a token changes, and once in a while. */
  readonly mayStillRead: () => Promise<boolean>;
  /** Called at the end, whoever ends it; more than once is possible. */
  readonly onEnd: () => void;
}

/**
 * Events `strategy`, `release` and `event`, each with its revision of the store as id. The first is `ready`, so that a
 * client knows that nothing after it is missed.
 */
export function watchStream(options: WatchOptions): ReadableStream<Uint8Array> {
  const watching = new Watching(options);
  // Called when the reader has room: what it does not take stays in the store.
  return new ReadableStream<Uint8Array>({ pull: (controller) => watching.next(controller), cancel: () => watching.end() }, { highWaterMark: 1 });
}

class Watching {
  readonly #options: WatchOptions;
  readonly #abort = new AbortController();
  readonly #encoder = new TextEncoder();
  readonly #changes: AsyncIterator<Change>;
  #pending: Promise<IteratorResult<Change>> | null = null;
  #begun = false;
  #askedAt: number;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#askedAt = options.clock.monotonic();
    this.#changes = options.store.watch('', options.after, this.#abort.signal)[Symbol.asyncIterator]();
  }

  /** Enqueues one piece of text, or closes the stream. */
  async next(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const text = await this.#text();
      if (text !== null) controller.enqueue(this.#encoder.encode(text));
      if (text !== null && !text.startsWith(GONE_TEXT)) return;
      await this.end();
      controller.close();
    } catch (error) {
      await this.end();
      throw error;
    }
  }

  async end(): Promise<void> {
    this.#options.onEnd();
    this.#abort.abort();
    // Between two changes the iterator stands still and hears no signal.
    await this.#changes.return?.();
  }

  /** Null at the end. */
  async #text(): Promise<string | null> {
    const { clock, after } = this.#options;
    if (!this.#begun) {
      this.#begun = true;
      return `retry: 1000\n${frame('ready', after, { revision: after })}`;
    }
    for (;;) {
      this.#pending ??= this.#changes.next();
      const next = await orHeartbeat(this.#pending, clock);
      if (next === null) return (await this.#isAllowed()) ? ':\n\n' : null;
      this.#pending = null;
      if (next === GONE) return frame(GONE_EVENT, after, { detail: 'events are no longer kept: read anew, then watch' });
      if (next.done === true) return null;
      const isAboutTokens = next.value.key.startsWith(TOKENS_PREFIX);
      if ((isAboutTokens || clock.monotonic() - this.#askedAt >= HEARTBEAT_MS) && !(await this.#isAllowed())) return null;
      const text = eventText(next.value);
      if (text !== null) return text;
    }
  }

  /** Tokens expire without a change. */
  #isAllowed(): Promise<boolean> {
    this.#askedAt = this.#options.clock.monotonic();
    return this.#options.mayStillRead();
  }
}

const GONE_EVENT = 'gone';
const GONE_TEXT = `event: ${GONE_EVENT}\n`;

const GONE = Symbol('compacted');

/** Null when nothing came for a heartbeat's time. */
async function orHeartbeat(next: Promise<IteratorResult<Change>>, clock: Clock): Promise<IteratorResult<Change> | typeof GONE | null> {
  let cancel: () => void = () => undefined;
  const heartbeat = new Promise<null>((resolve) => {
    cancel = clock.after(HEARTBEAT_MS, () => resolve(null));
  });
  try {
    return await Promise.race([next, heartbeat]);
  } catch (error) {
    if (error instanceof StoreError && error.failure === 'compacted') return GONE;
    // The end of the server is the end of the stream.
    if (error instanceof StoreError && error.failure === 'closed') return { done: true, value: undefined };
    throw ControlError.from(error);
  } finally {
    cancel();
  }
}

/** Null for what is no concern of clients: tokens, elections, counters. */
function eventText({ key, value, revision }: Change): string | null {
  if (value === null) return null;
  if (key === keys.strategy) {
    const { revision: strategy, generation, who, why } = JSON.parse(value) as StrategyRecord;
    return frame('strategy', revision, { revision: strategy, generation, who, why });
  }
  if (key.startsWith(keys.releases)) {
    const { name, standing, turn, why } = JSON.parse(value) as ReleaseState;
    return frame('release', revision, { name, phase: standing.phase, turn, why });
  }
  if (key.startsWith(keys.events)) {
    const event = JSON.parse(value) as StoredEvent;
    const view: Api<'Event'> = { ...event, at: new Date(event.at).toISOString() };
    return frame('event', revision, view);
  }
  return null;
}

/** One JSON line: JSON has no line ends of its own, so that nothing in it can end the frame. */
function frame(event: string, id: number, data: unknown): string {
  return `event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;
}
