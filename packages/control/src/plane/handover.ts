// A new stable version takes over from the old one, in steps of which each can be repeated: pools ready, strategy switched,
// public sockets opened, old pool drained. A restart between any two goes on where it was.

import { ControlError } from '../problem.ts';
import { transition } from '../release/transition.ts';
import type { ReleaseState } from '../release/state.ts';
import { withoutLongGone } from '../strategy/former.ts';
import { stableOf, withStable, withoutRelease } from '../strategy/edit.ts';
import { change, currentView } from './change.ts';
import type { Plane } from './change.ts';
import type { Draft, LedgerView, NewEvent } from './ledger.ts';
import { startPools } from './pools.ts';
import type { PoolWish } from './pools.ts';
import { command, standingText } from './verbs.ts';
import { own } from '../own.ts';

/** Starts stable pools of the release's versions, then makes them stable and ends the release. */
export async function promoteRelease(plane: Plane, name: string): Promise<void> {
  const state = (await currentView(plane)).releases.get(name);
  if (state?.standing.phase !== 'promoting') return;
  await switchTo(plane, name, state.spec.versions, (view) => withoutRelease(view.record.document, name));
}

/** The way back after a promotion: the previous versions become stable again, once their pools are ready. */
export async function returnToPrevious(plane: Plane, name: string): Promise<void> {
  const state = (await currentView(plane)).releases.get(name);
  if (state?.standing.phase !== 'rolling-back') return;
  await switchTo(plane, name, state.standing.previous, (view) => view.record.document);
}

async function switchTo(plane: Plane, name: string, versions: Readonly<Record<string, string>>, base: (view: LedgerView) => LedgerView['record']['document']): Promise<void> {
  const failure = await startStable(plane, versions);
  if (failure !== null) {
    await command(plane, name, { verb: 'start-failed', why: failure.message }, 'controller', { evidence: failure.problem() });
    return;
  }
  await change(plane, (view): Draft | null => {
    const state = view.releases.get(name);
    // Rolled back, or another handover, while the pools started: leave it; what is not needed is swept away.
    if (state === undefined || view.handover !== null) return null;
    const why = `${listed(versions)} ready, now stable`;
    const before = stableOf(view.record.document, versions);
    const outcome = transition(state, { verb: 'switched', why }, { now: plane.clock.now(), spec: null, stable: before });
    if (outcome.kind !== 'moved') return null;
    const services = Object.entries(versions).map(([service, to]) => ({ service, from: own(before, service) ?? null, to }));
    return {
      document: withStable(base(view), versions), publish: true, releases: new Map([[name, outcome.state]]), handover: { services, release: name },
      who: 'controller', why: `${name}: ${why}`, events: [eventOf(state, outcome.state)],
    };
  });
}

async function startStable(plane: Plane, versions: Readonly<Record<string, string>>): Promise<ControlError | null> {
  const { document } = (await currentView(plane)).record;
  const wishes: PoolWish[] = [];
  for (const [service, version] of Object.entries(versions)) {
    const spec = own(own(document.services, service)?.versions ?? {}, version);
    if (spec === undefined) return new ControlError('GL3010', { detail: `version '${version}' of '${service}' is no longer defined`, fix: 'add its definition to the config file and apply it' });
    if (spec.upstreams === undefined) wishes.push({ service, version, role: 'stable', spec, listen: document.services[service]?.listen });
  }
  const [failed] = await startPools(plane.effects, wishes);
  return failed?.error ?? null;
}

/** The strategy has switched: opens the new pools to the public, drains the old ones, and ends the release's turn. */
export async function finishHandover(plane: Plane, view: LedgerView): Promise<void> {
  const { handover } = view;
  if (handover === null) return;
  const { document } = view.record;
  for (const { service, to } of handover.services) {
    const spec = to === null ? undefined : own(own(document.services, service)?.versions ?? {}, to);
    if (to === null || spec === undefined || spec.upstreams !== undefined) continue;
    // After a restart the pool may be gone; the strategy says that it serves.
    await plane.effects.prepareStable(service, to, spec, document.services[service]?.listen);
    await plane.effects.openStable(service, to);
  }
  for (const { service, from } of handover.services) if (from !== null) await plane.effects.retireStable(service, from);
  await change(plane, (now): Draft | null => {
    if (now.handover === null) return null;
    const why = 'the old version has drained';
    const state = handover.release === null ? undefined : now.releases.get(handover.release);
    const outcome = state === undefined ? null : transition(state, { verb: 'settled', why }, { now: plane.clock.now(), spec: null, stable: {} });
    const moved = state !== undefined && outcome?.kind === 'moved' ? outcome.state : null;
    const document = withoutLongGone(now.record.document, moved === null ? now.releases.values() : new Map([...now.releases, [moved.name, moved]]).values());
    return {
      publish: false, handover: null, who: 'controller', why,
      ...(document === now.record.document ? {} : { document }),
      ...(moved === null ? {} : { releases: new Map([[moved.name, moved]]) }),
      events: state === undefined || moved === null ? handover.services.map((step): NewEvent => handoverEvent(step, why)) : [eventOf(state, moved)],
    };
  });
}

function handoverEvent({ service, from, to }: { readonly service: string; readonly from: string | null; readonly to: string | null }, why: string): NewEvent {
  return { kind: 'version', subject: service, from: from ?? '', to: to ?? '', who: 'controller', why };
}

function eventOf(before: ReleaseState, after: ReleaseState): NewEvent {
  return { kind: 'release', subject: after.name, from: standingText(before), to: standingText(after), who: 'controller', why: after.why };
}

function listed(versions: Readonly<Record<string, string>>): string {
  return Object.entries(versions).map(([service, version]) => `${service} ${version}`).join(', ');
}
