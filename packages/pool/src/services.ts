// The public sockets of all services. Knows slots and who may need how many, nothing of workers.

import type { Keeper } from './slots.ts';
import { Slots } from './slots.ts';
import type { ServiceRecord } from './record.ts';
import type { FullSpec } from './spec.ts';

export class Services {
  readonly #slots = new Map<string, Slots>();
  readonly #keeper: Keeper;
  readonly #platform: string;

  constructor(keeper: Keeper, platform: string) {
    this.#keeper = keeper;
    this.#platform = platform;
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

  /** Gives up slots that no pool of the service needs; during a promotion two pools hold them, and the larger one counts. */
  release(service: string, holders: readonly FullSpec[]): void {
    const needed = holders.filter((spec) => spec.service === service && spec.publicSlots !== 'none').map((spec) => spec.workers);
    this.of(service).shrink(Math.max(1, ...needed));
  }

  records(): readonly ServiceRecord[] {
    return [...this.#slots].map(([name, slots]) => ({ name, places: slots.places, slots: slots.count }));
  }

  close(): void {
    for (const slots of this.#slots.values()) slots.close();
    this.#slots.clear();
  }
}
