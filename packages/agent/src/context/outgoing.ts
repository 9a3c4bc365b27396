// What an outgoing request has to carry: its stamp merged into whatever `baggage` it has already, and the headers of
// `propagate.headers`; towards anybody else's host no stamp at all. It knows no HTTP client.

import { isForeign, mergeBaggage, parseBaggage } from '@graylane/wire';
import type { Context } from './context.ts';
import type { OwnHosts } from './own-hosts.ts';

/** A request that is being made, as a client's hook shows it. */
export interface Draft {
  /** Names of the host that is asked, as far as they are known: what it is called in the request, and where it goes. */
  readonly authorities: readonly string[];
  /** The port where an authority names none. */
  readonly port: number;
  /** All values of a header joined with `, `; null without it. */
  get(name: string): string | null;
  /** Replaces all lines of that name; '' takes them away. */
  set(name: string, value: string): void;
}

export function stamp(draft: Draft, context: Context | null, hosts: OwnHosts): void {
  const before = draft.get('baggage');
  if (context === null && before === null) return;
  const own = draft.authorities.some((authority) => hosts.owns(authority, draft.port));
  // Carried along by the app itself, outside any request that we know.
  if (own && context === null) return;
  const after = own && context !== null ? mergedWith(context.baggage, before) : stripped(before);
  if (after !== null && after !== before) draft.set('baggage', after);
  if (!own || context === null) return;
  for (const [name, value] of context.headers) if (draft.get(name) === null) draft.set(name, value);
}

/** Null when there is nothing to change. A stamp that is there already gives way: what this process knows is newer. */
export function mergedWith(baggage: string, before: string | null): string | null {
  if (baggage === '') return stripped(before);
  return before === null || before === '' ? baggage : mergeBaggage(baggage, parseBaggage(before).rest).value;
}

/** Without members of ours: an app, or its OpenTelemetry, may carry on what it has received. */
function stripped(before: string | null): string | null {
  if (before === null || isForeign(before)) return null;
  const { own, rest } = parseBaggage(before);
  return own.size === 0 ? null : rest.join(',');
}
