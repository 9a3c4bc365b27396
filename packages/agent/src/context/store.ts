// The context that the code of this thread runs in at the moment. Entered for single requests only, so that all other work
// pays nothing; it knows neither requests nor hosts.

import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context } from './context.ts';

const storage = new AsyncLocalStorage<Context | null>();

/** Null outside any request. */
export function current(): Context | null {
  return storage.getStore() ?? null;
}

type Callable<Self, Args extends unknown[], Result> = (this: Self, ...args: Args) => Result;

/** Calls `target` in `context`; null is outside any. */
export function applyIn<Self, Args extends unknown[], Result>(context: Context | null, target: Callable<Self, Args, Result>, self: Self, args: Args): Result {
  return current() === context ? target.apply(self, args) : storage.run(context, apply, target, self, args);
}

export function runIn<Result>(context: Context | null, work: () => Result): Result {
  return current() === context ? work() : storage.run(context, work);
}

/** One function for all calls, so that entering a context makes no closure. */
function apply<Self, Args extends unknown[], Result>(target: Callable<Self, Args, Result>, self: Self, args: Args): Result {
  return target.apply(self, args);
}
