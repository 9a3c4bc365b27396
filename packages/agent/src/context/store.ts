// The context that the code of this thread runs in at the moment. Entered for single requests only, so that all other work
// pays nothing; it knows neither requests nor hosts.

import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import type { Context } from './context.ts';

const storage = new AsyncLocalStorage<Context | null>();

/**
 * Where a context was entered. From Node 24 on, entering one with `run` copies what others keep in their storages, at a
 * quarter of a microsecond; going back to such a place is twenty times cheaper, and a request does it with each event.
 * Kept at the context itself: a weak map with an entry a request costs every garbage collection.
 */
const PLACE: unique symbol = Symbol('graylane.place');

interface Placed {
  [PLACE]?: AsyncResource;
}

/** Null outside any request. */
export function current(): Context | null {
  return storage.getStore() ?? null;
}

type Callable<Self, Args extends unknown[], Result> = (this: Self, ...args: Args) => Result;

/** Calls `target` in `context`; null is outside any. */
export function applyIn<Self, Args extends unknown[], Result>(context: Context | null, target: Callable<Self, Args, Result>, self: Self, args: Args): Result {
  if (current() === context) return target.apply(self, args);
  if (context === null) return storage.run(null, apply, target, self, args);
  return placeOf(context).runInAsyncScope(target, self, ...args);
}

export function runIn<Result>(context: Context | null, work: () => Result): Result {
  return applyIn(context, work, undefined, []);
}

function placeOf(context: Context & Placed): AsyncResource {
  const known = context[PLACE];
  return known ?? (context[PLACE] = storage.run(context, makePlace));
}

function makePlace(): AsyncResource {
  // It ends with the context; nobody waits to hear of it.
  return new AsyncResource('graylane.context', { requireManualDestroy: true });
}

/** One function for all calls, so that leaving a context makes no closure. */
function apply<Self, Args extends unknown[], Result>(target: Callable<Self, Args, Result>, self: Self, args: Args): Result {
  return target.apply(self, args);
}
