// Where users of a strategy come in, as URLs that can be pasted into a shell or a browser. Pure.

import type { Finding, StrategyDocument } from '@graylane/rules';
import type { Place } from '@graylane/pool';
import { placesOf } from '../up/specs.ts';

/** A request that shows what was found. */
export type Witness = NonNullable<Finding['witness']>;

/** The first place of each service that believes nobody. */
export function entriesOf(document: StrategyDocument): readonly string[] {
  return Object.values(document.services).flatMap(({ listen, trust }) => (trust === 'internal' ? [] : placesOf(listen).slice(0, 1))).map(urlOf);
}

/** Where a request that shows something is sent: to the service that has its host, else to where users come in. */
export function originOf(document: StrategyDocument, witness: Pick<Witness, 'headers'> | null): string {
  const host = witness?.headers.find(([name]) => name === 'host')?.[1];
  const asked = Object.values(document.services).find(({ hosts }) => host !== undefined && hosts?.includes(host) === true);
  const [place] = placesOf(asked?.listen);
  return place === undefined ? entriesOf(document)[0] ?? 'http://localhost' : urlOf(place);
}

/** Of an address that means all of a machine's, the one that its own user types. */
export function urlOf({ host, port }: Place): string {
  const isAny = host === null || host === '0.0.0.0' || host === '::';
  return `http://${isAny ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${port}`;
}
