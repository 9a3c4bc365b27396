// One leader among many candidates, on any store with leases. It must not know what the leader does.

import type { Cancel, Clock } from '../clock.ts';
import type { Store } from './store.ts';

export interface Candidacy {
  readonly store: Store;
  /** The office, e.g. `releases`. */
  readonly office: string;
  /** Who asks; shown to others. */
  readonly candidate: string;
  readonly ttlMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface Leadership {
  /** Aborts when the office is lost: the lease could not be renewed in time, or it was given up. */
  readonly lost: AbortSignal;
  resign(): Promise<void>;
}

/** Resolves once elected, or null when `signal` aborts before. */
export async function campaign(candidacy: Candidacy): Promise<Leadership | null> {
  const { store, office, candidate, signal } = candidacy;
  const key = officeKey(office);
  const lease = await store.grant(candidacy.ttlMs);
  const renewal = keepRenewing(candidacy, lease.id);
  while (!signal.aborted) {
    const result = await store.commit([{ key, revision: 0 }], [{ key, value: candidate, lease: lease.id }]);
    if (result.ok) return lead(candidacy, lease.id, renewal);
    for await (const change of store.watch(key, result.revision, signal)) {
      if (change.value === null) break;
    }
  }
  renewal.cancel();
  await store.revoke(lease.id);
  return null;
}

/** Who holds `office` now, or null. */
export async function leaderOf(store: Store, office: string): Promise<string | null> {
  return (await store.get(officeKey(office)))?.value ?? null;
}

function officeKey(office: string): string {
  return `election/${office}`;
}

interface Renewal {
  readonly lost: AbortSignal;
  cancel(): void;
}

/** Renews at a third of the lease's time, so that two failures in a row are survived. */
function keepRenewing({ store, clock, ttlMs }: Candidacy, lease: string): Renewal {
  const lost = new AbortController();
  let cancelTimer: Cancel = () => undefined;
  let validUntil = clock.monotonic() + ttlMs;
  const renew = async (): Promise<void> => {
    const asked = clock.monotonic();
    const renewed = await store.renew(lease).catch(() => null);
    if (renewed === true) validUntil = asked + ttlMs;
    if (renewed === false || clock.monotonic() >= validUntil) lost.abort();
    else schedule();
  };
  const schedule = (): void => {
    cancelTimer = clock.after(ttlMs / 3, () => void renew());
  };
  schedule();
  return { lost: lost.signal, cancel: () => cancelTimer() };
}

function lead({ store }: Candidacy, lease: string, renewal: Renewal): Leadership {
  const resigned = new AbortController();
  return {
    lost: AbortSignal.any([renewal.lost, resigned.signal]),
    resign: async () => {
      renewal.cancel();
      resigned.abort();
      await store.revoke(lease);
    },
  };
}
