// What a commit drops of the oldest: events, revisions and releases that are over, beyond their limits, a few at a time.

import { isOver } from '../release/state.ts';
import type { Store } from '../store/store.ts';
import { EVENTS_LIMIT, HISTORY_LIMIT, OVER_LIMIT, keys } from '../strategy/record.ts';
import { storedReleases, viewOf } from './contents.ts';
import type { Contents } from './contents.ts';
import type { Draft } from './ledger.ts';

/** How many old entries one commit drops, so that trimming is spread over the commits that fill. */
const TRIM_STEP = 8;

export async function keysToTrim(store: Store, contents: Contents, draft: Draft): Promise<readonly string[]> {
  const [events, history] = await Promise.all([
    oldest(store, keys.events, contents.newestEvent, EVENTS_LIMIT),
    draft.document === undefined ? [] : oldest(store, keys.history, viewOf(contents)?.record.revision ?? 0, HISTORY_LIMIT),
  ]);
  return [...events, ...history, ...(draft.releases === undefined ? [] : oldestOver(contents, draft.releases))];
}

/** Numbers under a prefix have no gaps, so that first and last tell how many there are. */
async function oldest(store: Store, prefix: string, newest: number, limit: number): Promise<readonly string[]> {
  if (newest < limit) return [];
  const entries = await store.list(prefix, { limit: TRIM_STEP });
  return entries.map(({ key }) => key).filter((key) => Number(key.slice(prefix.length)) <= newest - limit);
}

function oldestOver({ values }: Contents, touched: ReadonlyMap<string, unknown>): readonly string[] {
  const over = storedReleases(values).filter((state) => isOver(state) && !touched.has(state.name)).sort((a, b) => a.since - b.since);
  return over.slice(0, Math.min(TRIM_STEP, Math.max(0, over.length - OVER_LIMIT))).map(({ name }) => keys.release(name));
}
