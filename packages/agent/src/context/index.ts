// `@graylane/agent/context`: what the app's own code can ask of and add to the propagation. Where there is no agent, or its
// strategy has one service only, there is no lane, and `run` only calls.

import { createRequire } from 'node:module';
import { getEnvironmentData, isMainThread } from 'node:worker_threads';
import { SHARED_NAME, shared, type Shared } from './shared.ts';

/** Headers of a message, or of a request that came in some other way: text, bytes, or lists of them by name. */
export type Carried = Readonly<Record<string, unknown>>;

/** The release whose lane the current request is in; null for stable, and outside any request. */
export function lane(): string | null {
  return plane()?.current()?.lane ?? null;
}

const NO_TAGS: Readonly<Record<string, string>> = Object.freeze({});

/** The tags of the current request by name; none outside any request. */
export function tags(): Readonly<Record<string, string>> {
  return plane()?.current()?.tags ?? NO_TAGS;
}

/**
 * What has to go along with something that the current request causes, for ways out that the agent does not know: into a
 * worker thread, a job, a protocol of your own. Returns a copy of `headers` with `baggage` (and the headers of
 * `propagate.headers`) put in; other members of a `baggage` that is there stay.
 */
export function carry(headers: Carried = {}): Record<string, unknown> {
  return { ...headers, ...plane()?.stamped((name) => valueOf(headers, name)) };
}

/**
 * Runs `work` in the lane of what {@link carry} has put into `headers`, or that came with a message. A stamp that is
 * forged, expired or missing gives no lane; so does null, for work that belongs to no request, such as a timer
 * that serves everybody. Returns what `work` returns.
 */
export function run<Result>(headers: Carried | null, work: () => Result): Result {
  const found = plane();
  if (found === null) return work();
  return found.runIn(headers === null ? null : found.contextOf((name) => valueOf(headers, name)), work);
}

function valueOf(headers: Carried, name: string): unknown {
  if (Object.hasOwn(headers, name)) return headers[name];
  const key = Object.keys(headers).find((known) => known.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : headers[key];
}

/** A worker thread gets a plane with its first question. */
function plane(): Shared | null {
  const found = shared();
  if (found !== null || isMainThread) return found;
  const data: unknown = getEnvironmentData(SHARED_NAME);
  const file: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, 'file') : null;
  if (typeof file !== 'string') return null;
  const loaded: unknown = createRequire(file)(file);
  const create: unknown = typeof loaded === 'object' && loaded !== null ? Reflect.get(loaded, 'createThreadPlane') : null;
  if (typeof create === 'function') Reflect.apply(create, null, [data]);
  return shared();
}
