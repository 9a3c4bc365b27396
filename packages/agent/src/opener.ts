// Opens the app's servers at their places: from a listen() to a server that is reachable, guarded and reported.
// It knows which place means what for a stable and for a canary worker; it knows no requests.

import type { Server } from 'node:net';
import type { ListenerPlan, ListenerReport, WorkerBrief } from '@graylane/wire';
import { AppServer, type Reach, type ShownAddress } from './app-server.ts';
import type { Faults } from './faults.ts';
import type { ListenOptions, ListenWatcher } from './listen-hook.ts';
import { loadPart } from './part.ts';
import { Places, type Place, type Wish } from './places.ts';
import { privatePaths, type PrivatePaths } from './private-path.ts';
import type { ReportUnroutable } from './raw-server.ts';
import { protocolOf } from './server-kind.ts';
import { readWish, redirect, type Restore, type Target } from './wish.ts';

export interface OpenerEvents {
  /** A server is about to accept; its events can be guarded. */
  opening(app: AppServer): void;
  /** Other agents can reach it, and clients if they may. */
  opened(app: AppServer, report: ListenerReport): void;
  closed(app: AppServer): void;
  failed(port: number, code: string): void;
  readonly unroutable: ReportUnroutable;
  /** A port that nobody declared: its socket should outlive this worker. */
  donate(server: Server, place: ShownAddress & { readonly index: number }): void;
}

interface Pending {
  readonly place: Place;
  readonly wish: Wish;
  readonly target: Target;
  readonly restore: Restore;
}

export class Opener implements ListenWatcher {
  readonly #brief: WorkerBrief;
  readonly #events: OpenerEvents;
  readonly #faults: Faults;
  readonly #places: Places;
  readonly #paths: PrivatePaths;
  readonly #pending = new WeakMap<Server, Pending>();
  /** An inherited descriptor can be opened once; Node closes it with its server. */
  readonly #usedDescriptors = new Set<number>();
  #shelters = 0;
  #held: boolean;
  readonly #spares = new Set<number>();

  constructor(brief: WorkerBrief, pid: number, events: OpenerEvents, faults: Faults) {
    this.#brief = brief;
    this.#events = events;
    this.#faults = faults;
    this.#places = new Places(brief.listeners);
    this.#paths = privatePaths(brief.sockets, brief.worker, pid);
    this.#held = brief.hold;
  }

  /** Servers that are opened from now on accept at once. */
  release(): void {
    this.#held = false;
  }

  /** Servers that are opened from now on accept for these slots as well. */
  acceptFor(slots: readonly number[]): void {
    for (const slot of slots) this.#spares.add(slot);
  }

  asked(server: Server, options: ListenOptions): void {
    this.#faults.guard('listen', () => this.#asked(server, options), undefined);
  }

  listening(server: Server): void {
    this.#faults.guard('listening', () => this.#listening(server), undefined);
  }

  failed(server: Server, error: unknown): void {
    this.#faults.guard('listen failed', () => this.#failed(server, error), undefined);
  }

  #asked(server: Server, options: ListenOptions): void {
    const wish = readWish(options);
    const place = this.#places.take(wish);
    if (wish === null) return;
    const target = this.#target(place);
    if (target === null) return;
    this.#pending.set(server, { place, wish, target, restore: redirect(options, target) });
    if (place.kind === 'mismatch') loadPart('protocols').reportMismatch(place, this.#events.unroutable);
  }

  /** Null: the app's own affair. */
  #target(place: Place): Target | null {
    const canary = this.#brief.role === 'canary';
    switch (place.kind) {
      case 'own':
        return canary ? { kind: 'loopback' } : null;
      case 'twin':
      case 'mismatch':
        return this.#shelter();
      case 'undeclared':
        return canary || this.#brief.undeclared === 'private' ? this.#shelter() : { kind: 'port', port: place.wish.port, host: place.wish.host };
      case 'planned':
        return canary || this.#held ? this.#shelter() : this.#publicTarget(place.plan);
    }
  }

  #publicTarget({ fd, port, host }: ListenerPlan): Target {
    // Nothing was inherited: a stable worker behind a gateway has no public place either.
    if (fd === null) return this.#shelter();
    // Closed and opened again: a socket of its own, beside those of the other slots.
    if (this.#usedDescriptors.has(fd)) {
      this.#faults.guard('listen', () => this.#faults.note('listen', loadPart('protocols').reopened(port)), undefined);
      return { kind: 'port', port, host };
    }
    this.#usedDescriptors.add(fd);
    return { kind: 'descriptor', fd };
  }

  #shelter(): Target {
    const path = this.#paths.shelter(this.#shelters);
    this.#shelters += 1;
    return { kind: 'path', path };
  }

  #listening(server: Server): void {
    const pending = this.#pending.get(server);
    if (pending === undefined) return;
    this.#pending.delete(server);
    pending.restore();
    const { place, wish } = pending;
    if (place.kind === 'twin' || place.kind === 'mismatch') {
      this.#showOnly(server, wish);
      return;
    }
    if (place.kind === 'own') return;
    const shown: ShownAddress = place.kind === 'planned' ? { port: place.plan.port, host: place.plan.host } : wish;
    this.#open(server, place.index, shown, this.#reach(pending), othersOf(pending));
    if (place.kind === 'undeclared' && pending.target.kind === 'port') this.#events.donate(server, { ...shown, index: place.index });
  }

  #reach({ place, target }: Pending): Reach {
    if (target.kind !== 'path') return { kind: 'public' };
    const fd = place.kind === 'planned' && this.#brief.role === 'stable' ? place.plan.fd : null;
    return fd === null ? { kind: 'private' } : { kind: 'held', fd };
  }

  #open(server: Server, index: number, shown: ShownAddress, reach: Reach, others: Readonly<Record<string, number>>): void {
    const app = new AppServer({
      server,
      index,
      protocol: protocolOf(server),
      reach,
      others,
      shown,
      doorPath: this.#paths.door(index),
      fault: (where, fault) => this.#faults.note(where, fault),
      closed: () => {
        this.#places.release(index);
        if (reach.kind === 'held' && !this.#held) this.#usedDescriptors.add(reach.fd);
        this.#events.closed(app);
      },
    });
    app.acceptFor([...this.#spares]);
    this.#events.opening(app);
    app.openDoor(() => this.#events.opened(app, app.report()));
  }

  /** A twin says that it listens where it was asked to. */
  #showOnly(server: Server, wish: Wish): void {
    AppServer.show(server, wish);
  }

  #failed(server: Server, error: unknown): void {
    const pending = this.#pending.get(server);
    if (pending === undefined) return;
    this.#pending.delete(server);
    pending.restore();
    if (pending.place.kind === 'planned' || pending.place.kind === 'undeclared') this.#places.release(pending.place.index);
    const code: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'code') : null;
    this.#events.failed(pending.wish.port, typeof code === 'string' ? code : 'UNKNOWN');
  }
}

/** Of a server that is opened again they are closed already, as its own descriptor is. */
function othersOf({ place, target }: Pending): Readonly<Record<string, number>> {
  return place.kind === 'planned' && target.kind !== 'port' ? place.plan.others ?? {} : {};
}
