// The public sockets of all services. Knows slots and who may need how many, nothing of workers.

import { migratesConnections } from './os/migration.ts';
import type { Keeper } from './slots.ts';
import { Slots } from './slots.ts';
import type { ServiceRecord } from './record.ts';
import type { FullSpec } from './spec.ts';

/** A pool, as far as slots are concerned. */
export interface Holder {
  readonly spec: FullSpec;
  /** Whether one of its workers has the socket of a slot that is no worker's own. */
  has(slot: number): boolean;
  /** Its slots whose connections would wait, for nobody sits there or who does gives no answer. */
  readonly unmanned: readonly number[];
  /** All of them accept on the sockets of these slots that they have. */
  acceptFor(slots: readonly number[]): void;
}

function isHolder(spec: FullSpec, service: string): boolean {
  return spec.service === service && spec.publicSlots !== 'none';
}

export class Services {
  readonly #slots = new Map<string, Slots>();
  readonly #keeper: Keeper;
  readonly #platform: string;
  readonly #warn: (service: string, text: string) => void;
  #warned = false;

  constructor(keeper: Keeper, platform: string, warn: (service: string, text: string) => void) {
    this.#keeper = keeper;
    this.#platform = platform;
    this.#warn = warn;
  }

  names(): readonly string[] { return [...this.#slots.keys()]; }

  /** The slots of a service, none of them open at first. */
  of(service: string): Slots {
    const known = this.#slots.get(service);
    if (known !== undefined) return known;
    const slots = new Slots(this.#keeper, this.#platform);
    this.#slots.set(service, slots);
    return slots;
  }

  /** Enough slots for this many workers of `spec`, on the places that are known. */
  async ensure(spec: FullSpec, workers: number): Promise<void> {
    const slots = this.of(spec.service);
    if (spec.publicSlots !== 'none' && slots.places.length > 0) await slots.open(slots.places, workers, [], spec.scaling?.max);
  }

  /** The slots that others have to accept on: those that are no worker's own, and those whose workers are not there or do not answer. */
  spares(service: string, holders: readonly Holder[]): readonly number[] {
    const here = holders.filter(({ spec }) => isHolder(spec, service));
    return [...here.flatMap((holder) => holder.unmanned), ...this.#beyond(service, here)];
  }

  /** Those that are nobody's own and that nobody can accept on, so that clients would wait there for ever. */
  abandoned(service: string, holders: readonly Holder[]): readonly number[] {
    const here = holders.filter(({ spec }) => isHolder(spec, service));
    return this.#beyond(service, here).filter((slot) => !here.some((holder) => holder.has(slot)));
  }

  /** During a promotion two pools hold slots, and the larger one counts. Where nobody holds any the ports stay as they are. */
  #beyond(service: string, holders: readonly Holder[]): readonly number[] {
    return holders.length === 0 ? [] : this.of(service).beyond(Math.max(...holders.map(({ spec }) => spec.workers)));
  }

  /** Lets everybody who can accept on the slots that lack a worker, and gives up those that are nobody's own and that nobody can accept on. */
  release(service: string, holders: readonly Holder[]): void {
    const [first] = this.abandoned(service, holders);
    if (first !== undefined && this.of(service).shrink(first)) this.#warnOfResets(service);
    const spares = this.spares(service, holders);
    for (const holder of holders) if (spares.length > 0 && isHolder(holder.spec, service)) holder.acceptFor(spares);
  }

  /** Gives up all slots of a service: its workers, who are to leave, have the last copies, and with the last one clients are refused. */
  giveUp(service: string): void {
    this.of(service).close();
  }

  /** Once: who has heard it and changes nothing has decided. */
  #warnOfResets(service: string): void {
    if (this.#warned || migratesConnections()) return;
    this.#warned = true;
    this.#warn(service, 'it has fewer workers now, and a client that connected at that moment may have been reset; `sysctl -w net.ipv4.tcp_migrate_req=1` (Linux 5.14) makes the kernel hand such connections to another worker');
  }

  records(): readonly ServiceRecord[] {
    return [...this.#slots].map(([name, slots]) => ({ name, places: slots.places, slots: slots.count }));
  }

  close(): void {
    for (const slots of this.#slots.values()) slots.close();
    this.#slots.clear();
  }
}
