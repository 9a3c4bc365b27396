// Which pools a strategy needs, and the difference to those of another one. It must not know how a pool is made.

import type { ServiceSpec, StrategyDocument, VersionSpec } from '@graylane/rules';
import type { Effects } from '../effects.ts';
import { asVersionFailure } from '../effects.ts';
import { ControlError } from '../problem.ts';
import { sameDocument } from '../strategy/changes.ts';
import { own } from '../own.ts';

export interface PoolWish {
  readonly service: string;
  readonly version: string;
  readonly role: 'stable' | 'canary';
  readonly spec: VersionSpec;
  /** The service's public places; only a stable pool is on them. */
  readonly listen: ServiceSpec['listen'];
}

/** The stable version of each service, and each version that a release of `effective` names. */
export function poolsFor(effective: StrategyDocument): readonly PoolWish[] {
  const wishes: PoolWish[] = [];
  const add = (service: string, version: string, role: PoolWish['role']): void => {
    const spec = own(own(effective.services, service)?.versions ?? {}, version);
    // A version that others serve (upstreams) has no pool.
    if (spec !== undefined && spec.upstreams === undefined) wishes.push({ service, version, role, spec, listen: effective.services[service]?.listen });
  };
  for (const [name, { stable }] of Object.entries(effective.services)) add(name, stable, 'stable');
  for (const release of effective.releases ?? []) {
    for (const [service, version] of Object.entries(release.versions)) add(service, version, 'canary');
  }
  return wishes;
}

/** Those of `after` that `before` lacks or has with another spec, or at other places. */
export function newPools(before: readonly PoolWish[], after: readonly PoolWish[]): readonly PoolWish[] {
  const known = new Map(before.map((wish) => [idOf(wish), wish]));
  return after.filter((wish) => {
    const former = known.get(idOf(wish));
    return former === undefined || !sameDocument([former.spec, former.listen ?? null], [wish.spec, wish.listen ?? null]);
  });
}

export function idOf({ service, version, role }: Pick<PoolWish, 'service' | 'version' | 'role'>): string {
  return `${service}/${version}/${role}`;
}

export interface FailedPool {
  readonly wish: PoolWish;
  readonly error: ControlError;
}

/** Starts all of them at once and returns those that did not become ready. */
export async function startPools(effects: Effects, wishes: readonly PoolWish[]): Promise<readonly FailedPool[]> {
  const results = await Promise.all(wishes.map(async (wish): Promise<FailedPool | null> => {
    try {
      if (wish.role === 'stable') await effects.prepareStable(wish.service, wish.version, wish.spec, wish.listen);
      else await effects.ensureVersion(wish.service, wish.version, wish.spec, wish.listen);
      return null;
    } catch (thrown) {
      return { wish, error: notStarted(wish, thrown) };
    }
  }));
  return results.filter((failed) => failed !== null);
}

function notStarted({ service, version }: PoolWish, thrown: unknown): ControlError {
  const failure = asVersionFailure(thrown);
  return new ControlError('GL3010', {
    detail: `version '${version}' of '${service}' did not become ready: ${failure.message}`,
    cause: failure.code,
    ...(failure.cure === undefined ? {} : { fix: failure.cure }),
    ...(failure.lastLines === undefined ? {} : { lastLines: failure.lastLines }),
    thrown,
  });
}
