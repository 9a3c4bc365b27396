// The store's changes as server-sent events: one stream, resumable by the id of the last event, at the reader's own pace.

import type { Api } from '@graylane/wire';
import type { StoredEvent } from '../plane/ledger.ts';
import type { ReleaseState } from '../release/state.ts';
import { ControlError } from '../problem.ts';
import { StoreError } from '../store/errors.ts';
import type { Change, Store } from '../store/store.ts';
import { keys } from '../strategy/record.ts';
import type { StrategyRecord } from '../strategy/record.ts';
import type { Clock } from '../clock.ts';

/** Proxies and clients take a silent connection for a dead one; half of the shortest usual limit. */
const HEARTBEAT_MS = 15_000;

/**
 * Events `strategy`, `release` and `event` after the store's revision `after`, each with that revision as its id.
 * The first is `ready`, so that a client knows that nothing after it is missed. `onEnd` is called once, whoever ends it.
 */
export function watchStream(store: Store, clock: Clock, after: number, onEnd: () => void): ReadableStream<Uint8Array> {
  const abort = new AbortController();
  const changes = store.watch('', after, abort.signal)[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  let pending: Promise<IteratorResult<Change>> | null = null;
  let begun = false;
  return new ReadableStream<Uint8Array>({
    // Called when the reader has room: what it does not take stays in the store.
    pull: async (controller) => {
      if (!begun) {
        begun = true;
        controller.enqueue(encoder.encode(`retry: 1000\n${frame('ready', after, { revision: after })}`));
        return;
      }
      for (;;) {
        pending ??= changes.next();
        const next = await orHeartbeat(pending, clock).catch((error: unknown) => {
          onEnd();
          throw error;
        });
        if (next === null) {
          controller.enqueue(encoder.encode(':\n\n'));
          return;
        }
        pending = null;
        if (next === GONE) {
          controller.enqueue(encoder.encode(frame('gone', after, { detail: 'events are no longer kept: read anew, then watch' })));
          controller.close();
          onEnd();
          return;
        }
        if (next.done === true) {
          controller.close();
          onEnd();
          return;
        }
        const text = eventText(next.value);
        if (text === null) continue;
        controller.enqueue(encoder.encode(text));
        return;
      }
    },
    cancel: async () => {
      onEnd();
      abort.abort();
      // Between two changes the iterator stands still and hears no signal.
      await changes.return?.();
    },
  }, { highWaterMark: 1 });
}

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
