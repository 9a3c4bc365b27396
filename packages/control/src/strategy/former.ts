// Former stable versions in the document: the last few of each service are kept for a way back, older ones are dropped. Pure.

import type { ServiceSpec, StrategyDocument } from '@graylane/rules';
import { own } from '../own.ts';
import type { ReleaseState } from '../release/state.ts';

/** As many promotions as people go back over. */
const DEFAULT_KEPT = 5;

/**
 * The document without the versions that were stable longer ago than `keep.versions` promotions. What is stable, what a
 * release names, and what never was stable stays: that is somebody's plan. The same object when nothing is dropped.
 */
export function withoutLongGone(document: StrategyDocument, states: Iterable<ReleaseState>): StrategyDocument {
  const kept = document.keep?.versions ?? DEFAULT_KEPT;
  const former = formerByService(states);
  const named = new Set((document.releases ?? []).flatMap(({ versions }) => Object.entries(versions).map(([service, version]) => `${service}/${version}`)));
  const services = Object.entries(document.services).map(([name, service]): readonly [string, ServiceSpec] => {
    const gone = new Set((former.get(name) ?? []).filter((version) => version !== service.stable).slice(kept).filter((version) => !named.has(`${name}/${version}`) && own(service.versions, version) !== undefined));
    if (gone.size === 0) return [name, service];
    return [name, { ...service, versions: Object.fromEntries(Object.entries(service.versions).filter(([version]) => !gone.has(version))) }];
  });
  const isWhole = services.every(([name, service]) => service === document.services[name]);
  return isWhole ? document : { ...document, services: Object.fromEntries(services) };
}

/** What was stable before each promotion, the latest first, each version once. */
function formerByService(states: Iterable<ReleaseState>): ReadonlyMap<string, readonly string[]> {
  const former = new Map<string, string[]>();
  const promotions = [...states].sort((one, other) => other.since - one.since || other.turn - one.turn);
  for (const { standing } of promotions) {
    if (standing.phase !== 'succeeded') continue;
    for (const [service, version] of Object.entries(standing.previous)) {
      const known = former.get(service) ?? [];
      if (!known.includes(version)) former.set(service, [...known, version]);
    }
  }
  return former;
}
