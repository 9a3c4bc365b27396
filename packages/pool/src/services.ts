// The public sockets of all services. Knows slots and who may need how many, nothing of workers.

import { migratesConnections } from './os/migration.ts';
import type { Keeper } from './slots.ts';
import { Slots } from './slots.ts';
import type { ServiceRecord } from './record.ts';
import type { FullSpec } from './spec.ts';

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
    if (spec.publicSlots !== 'none' && slots.places.length > 0) await slots.open(slots.places, workers);
  }

  /**
   * Gives up slots that none of these pools needs, for connections of a slot that nobody accepts on would wait for ever.
   * During a promotion two pools hold them, and the larger one counts. Where nobody holds any the ports stay.
   */
  release(service: string, pools: readonly FullSpec[]): void {
    const holders = pools.filter((spec) => spec.service === service && spec.publicSlots !== 'none');
    const closed = holders.length > 0 && this.of(service).shrink(Math.max(...holders.map((spec) => spec.workers)));
    if (closed) this.#warnOfResets(service);
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
