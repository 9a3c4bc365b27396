// Where machines find versions that they do not run themselves: on machines that do, and that are not behind. Pure.

import type { LiveNode } from './live.ts';
import type { ServerEndpoints } from './messages.ts';

/** Enough to spread over; a list of a thousand for a thousand would be a flood. */
const ENDPOINTS_PER_VERSION = 32;

/** Of versions that some machine does not run itself. A laggard is taken only for what nobody else offers. */
export function endpointsOf(nodes: readonly LiveNode[], laggards: ReadonlySet<string>): ServerEndpoints['endpoints'] {
  const missing = new Set(nodes.flatMap(({ pools }) => pools.filter(({ state }) => state === 'elsewhere').map(({ id }) => id.split('/').slice(0, 2).join('/'))));
  const prompt = nodes.filter(({ name }) => !laggards.has(name));
  const places = new Map<string, number>();
  const offered = (node: LiveNode, isWanted: (key: string) => boolean): ServerEndpoints['endpoints'] => {
    const { name, forward } = node;
    const offers = node.offers.filter(({ service, version }) => {
      const key = `${service}/${version}`;
      const taken = places.get(key) ?? 0;
      if (!missing.has(key) || !isWanted(key) || taken >= ENDPOINTS_PER_VERSION) return false;
      places.set(key, taken + 1);
      return true;
    });
    return forward === null || offers.length === 0 ? [] : [{ ...forward, node: name, offers }];
  };
  const first = prompt.filter(({ forward }) => forward !== null).flatMap((node) => offered(node, () => true));
  const served = new Set(places.keys());
  return [...first, ...nodes.filter(({ name, forward }) => laggards.has(name) && forward !== null).flatMap((node) => offered(node, (key) => !served.has(key)))];
}
