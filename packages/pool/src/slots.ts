// The public sockets of one service: per place one listening socket for each worker slot, kept open here and inherited
// by each worker of the slot in turn, so that no moment is without a listener. Knows nothing of workers.

import { closeSync } from 'node:fs';
import { lookup } from 'node:dns/promises';

import { errno, StartFailure } from './failure.ts';
import { bindTcp, canShareByPort } from './os/bind.ts';
import type { BoundHandle } from './os/bind.ts';
import { holderOf, listeningSockets, socketsOf } from './os/listening.ts';
import { commandLine } from './os/processes.ts';
import type { Place } from './spec.ts';

/** Who keeps handles beyond the life of this process: the anchor, or nobody. */
export interface Keeper {
  /** Whether clients can connect to what it has, though nobody accepts yet. */
  readonly listens: boolean;
  /** Descriptors left by an earlier supervisor (or systemd), by key; each is taken once. */
  take(key: string): number | null;
  keep(key: string, handle: BoundHandle): void;
  drop(key: string): void;
}

export const noKeeper: Keeper = { listens: false, take: () => null, keep: () => undefined, drop: () => undefined };

/** One socket that this process holds open. */
interface Held { readonly key: string; readonly fd: number; close(): void }

interface OpenPlace { readonly place: Place; readonly sockets: Held[] }

/** What a worker inherits at one place: a descriptor for its own slot, and those of others by their number. */
export interface SlotSockets { readonly own: number; readonly others: ReadonlyMap<number, number> }

/** Of other slots; the last are the first to be given up. A worker with more workers beside it than this can do without the rest. */
const OTHERS_LIMIT = 64;

export function slotKey(place: Place, slot: number): string {
  return `${place.host ?? '*'}:${place.port}/${slot}`;
}

export class Slots {
  readonly #keeper: Keeper;
  readonly #shared: boolean;
  #places: OpenPlace[] = [];
  #opening: Promise<void> = Promise.resolve();
  #count = 0;

  constructor(keeper: Keeper, platform: string) {
    this.#keeper = keeper;
    this.#shared = !canShareByPort(platform);
  }

  get places(): readonly Place[] {
    return this.#places.map((open) => open.place);
  }

  /** How many of the slots clients may connect to; those in reserve nobody has ever accepted on. */
  get count(): number {
    return this.#count;
  }

  /** Makes `places` known without a socket, for workers that stand on none of them: what the app asks for must be told from other ports. */
  declare(places: readonly Place[]): void {
    for (const place of places) if (!this.places.some((known) => samePlace(known, place))) this.#places.push({ place, sockets: [] });
  }

  /**
   * Opens `places` with `count` slots each, keeping what is open already. On failure nothing new stays open. `friends` are processes that
   * may share the ports. `reserve`: so many sockets are bound, that workers who start now can accept on them later.
   */
  open(places: readonly Place[], count: number, friends: readonly number[] = [], reserve: number = count): Promise<void> {
    // One after the other: of two at once each would bind a place that the other has not written down yet.
    const opening = this.#opening.then(() => this.#open(places, count, friends, Math.max(count, reserve)));
    this.#opening = opening.catch(() => undefined);
    return opening;
  }

  async #open(places: readonly Place[], count: number, friends: readonly number[], wanted: number): Promise<void> {
    const opened: Held[] = [];
    try {
      for (const place of places) {
        const known = this.#places.find((open) => samePlace(open.place, place));
        const open: OpenPlace = known ?? { place, sockets: [] };
        for (let slot = open.sockets.length; slot < (this.#shared ? 1 : wanted); slot++) {
          const held = await this.#hold(place, slot, friends);
          opened.push(held);
          open.sockets.push(held);
        }
        this.#takeRest(open, opened);
        if (known === undefined) this.#places.push(open);
      }
      this.#count = Math.max(this.#count, count, ...(this.#keeper.listens ? this.#places.map((open) => open.sockets.length) : []));
    } catch (error) {
      for (const held of opened) this.#forget(held);
      throw error;
    }
  }

  /** A socket that a worker bound for a port nobody declared; it becomes slot 0 of that place. */
  adopt(place: Place, handle: BoundHandle): void {
    this.declare([place]);
    const open = this.#places.find((known) => samePlace(known.place, place));
    if (open === undefined || open.sockets.length > 0) {
      handle.close();
      return;
    }
    const key = slotKey(place, 0);
    this.#keeper.keep(key, handle);
    open.sockets.push({ key, fd: handle.fd, close: () => handle.close() });
    this.#count = Math.max(this.#count, 1);
  }

  /** What a worker of `slot` inherits, place by place; one that cannot accept on other slots must not have copies of their sockets. */
  descriptors(slot: number, isHeir: boolean = true): readonly SlotSockets[] {
    return this.#places.map(({ place, sockets }) => {
      const own = sockets[slot % sockets.length];
      if (own === undefined) throw new Error(`place ${place.port} has no socket`);
      const others = isHeir ? sockets.flatMap((held, number) => (held === own ? [] : [[number, held.fd] as const])) : [];
      return { own: own.fd, others: new Map(others.slice(-OTHERS_LIMIT)) };
    });
  }

  /** The slots that clients may connect to though none of `workers` workers has them for its own, by number. */
  beyond(workers: number): readonly number[] {
    const first = Math.max(1, workers);
    const count = this.#shared ? 0 : this.#count;
    return count <= first ? [] : Array.from({ length: count - first }, (_, index) => first + index);
  }

  /** Gives up the slots from `count` on; true when that closed any. A client that is on its way to one of them may be reset. */
  shrink(count: number): boolean {
    const given = this.#places.flatMap((open) => open.sockets.splice(Math.max(1, count)));
    for (const held of given) this.#forget(held);
    this.#count = Math.min(this.#count, count);
    return given.length > 0;
  }

  close(): void {
    for (const open of this.#places) for (const held of open.sockets.splice(0)) this.#forget(held);
    this.#places = [];
    this.#count = 0;
  }

  /** What was passed on beyond what is wanted: a reserve, or sockets on which a service manager lets clients connect. */
  #takeRest(open: OpenPlace, opened: Held[]): void {
    for (;;) {
      const key = slotKey(open.place, open.sockets.length);
      const fd = this.#keeper.take(key);
      if (fd === null) return;
      const held = { key, fd, close: () => closeSync(fd) };
      opened.push(held);
      open.sockets.push(held);
    }
  }

  async #hold(place: Place, slot: number, friends: readonly number[]): Promise<Held> {
    const key = slotKey(place, slot);
    const inherited = this.#keeper.take(key);
    if (inherited !== null) return { key, fd: inherited, close: () => closeSync(inherited) };
    const address = await resolve(place);
    if (slot === 0) refuseForeignListener(place, address, friends);
    const handle = bindTcp(address, place.port, !this.#shared);
    if (typeof handle === 'string') throw bindFailure(place, handle, null);
    this.#keeper.keep(key, handle);
    return { key, fd: handle.fd, close: () => handle.close() };
  }

  #forget(held: Held): void {
    this.#keeper.drop(held.key);
    for (const open of this.#places) {
      const at = open.sockets.indexOf(held);
      if (at >= 0) open.sockets.splice(at, 1);
    }
    held.close();
  }
}

function samePlace(a: Place, b: Place): boolean {
  return a.port === b.port && a.host === b.host;
}

async function resolve(place: Place): Promise<string | null> {
  if (place.host === null) return null;
  try {
    return (await lookup(place.host)).address;
  } catch (error) {
    throw new StartFailure({ reason: 'host-unknown', message: `the address ${place.host} cannot be resolved (${errno(error)})`, cure: 'give an IP address of this machine, or leave the host out to listen on all', cause: error });
  }
}

/** A shared port would let a second program bind beside a first one and take half of its connections, in silence. */
function refuseForeignListener(place: Place, address: string | null, friends: readonly number[]): void {
  const own = new Set([process.pid, ...friends].flatMap((pid) => [...socketsOf(pid)]));
  const rival = listeningSockets().find((socket) => socket.port === place.port && overlaps(socket.address, address) && !own.has(socket.inode));
  if (rival !== undefined) throw bindFailure(place, 'EADDRINUSE', rival.inode);
}

function overlaps(bound: string, wanted: string | null): boolean {
  return wanted === null || bound === wanted || bound === '::' || bound === '0.0.0.0' || wanted === '::' || wanted === '0.0.0.0';
}

function bindFailure(place: Place, code: string, inode: string | null): StartFailure {
  const where = `${place.host ?? 'port'}${place.host === null ? ' ' : ':'}${place.port}`;
  if (code === 'EADDRINUSE') {
    const socket = inode ?? listeningSockets().find((one) => one.port === place.port)?.inode ?? null;
    const pid = socket === null ? null : holderOf(socket);
    const holder = pid === null ? 'another process' : `process ${pid} (${commandLine(pid).slice(0, 120)})`;
    return new StartFailure({ reason: 'port-in-use', message: `${where} is already in use by ${holder}`, cure: 'stop that process, or choose another port' });
  }
  if (code === 'EACCES') {
    return new StartFailure({ reason: 'port-forbidden', message: `this user may not listen on ${where}`, cure: 'choose a port from 1024 on, or grant the capability CAP_NET_BIND_SERVICE' });
  }
  return new StartFailure({ reason: 'port-in-use', message: `cannot bind ${where}: ${code}`, cure: 'choose an address of this machine and a free port' });
}
