// The agreement between the plane in the agent's files and `@graylane/agent/context` in the app's: two copies of code in one
// process, of maybe two versions, that meet under one global symbol. It knows neither of them.

import type { Context } from './context.ts';

/** Also the key of what worker threads are born with, see {@link ThreadData}. */
export const SHARED_NAME = 'graylane.context';
const SHARED: symbol = Symbol.for(SHARED_NAME);

/** Only ever added to: an older copy of either side must go on working. */
export interface Shared {
  current(): Context | null;
  runIn<Result>(context: Context | null, work: () => Result): Result;
  /** The context in headers that came in some other way; null when they hold no stamp that can be believed. */
  contextOf(header: (name: string) => unknown): Context | null;
  /** What headers have to hold in addition, in the context of the caller; null for nothing. */
  stamped(header: (name: string) => unknown): Readonly<Record<string, string>> | null;
}

/** What a worker thread needs to have a plane of its own; given to each as `environmentData`. */
export interface ThreadData {
  /** The plane's file. */
  readonly file: string;
  readonly hosts: readonly string[];
  readonly carried: readonly string[];
}

export function offer(shared: Shared): void {
  Reflect.defineProperty(globalThis, SHARED, { value: shared, configurable: true });
}

/** Null in a process, or a thread, without a plane. */
export function shared(): Shared | null {
  const value: unknown = Reflect.get(globalThis, SHARED);
  return isShared(value) ? value : null;
}

function isShared(value: unknown): value is Shared {
  return typeof value === 'object' && value !== null && 'current' in value && 'runIn' in value && 'contextOf' in value && 'stamped' in value;
}
