// Looks after the log folder: rotates what has grown or aged, and forgets the logs of workers long gone.

import { rmSync, statSync } from 'node:fs';
import path from 'node:path';

import type { Clock, Timer } from '../clock.ts';
import { logPlaces, rotated } from './place.ts';
import type { LogPlace } from './place.ts';
import { rotate } from './rotate.ts';
import type { RotationPlan } from './rotate.ts';

/** Between two looks; with it a flood is bounded by what a disk takes in a second. */
const LOOK_EVERY_MS = 1_000;
/** Logs of dead workers kept per version; a crash loop must not fill the folder with its last words. */
const DEAD_LOGS_KEPT = 20;

export class LogKeeper {
  readonly #folder: string;
  readonly #plan: RotationPlan;
  readonly #clock: Clock;
  readonly #isAlive: (worker: string) => boolean;
  readonly #complain: (text: string) => void;
  readonly #complained = new Set<string>();
  readonly #since = new Map<string, number>();
  #timer: Timer | null = null;
  #stopped = false;

  constructor(folder: string, plan: RotationPlan, clock: Clock, isAlive: (worker: string) => boolean, complain: (text: string) => void) {
    this.#folder = folder;
    this.#plan = plan;
    this.#clock = clock;
    this.#isAlive = isAlive;
    this.#complain = complain;
  }

  start(): void {
    this.#timer = this.#clock.after(LOOK_EVERY_MS, () => {
      void this.look().then(() => {
        if (!this.#stopped) this.start();
      });
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** One round over all logs; a fault of one of them (a full disk) is told once and does not keep the others waiting. */
  async look(): Promise<void> {
    const places = logPlaces(this.#folder);
    for (const place of places) {
      try {
        if (this.#isDue(place)) {
          await rotate(place.file, this.#plan);
          this.#since.set(place.file, this.#clock.wall());
        }
        this.#complained.delete(place.file);
      } catch (error) {
        if (!this.#complained.has(place.file)) this.#complain(`the log ${place.file} cannot be rotated: ${String(error)}`);
        this.#complained.add(place.file);
      }
    }
    this.#bury(places);
  }

  #isDue(place: LogPlace): boolean {
    const { size, birthtimeMs } = statSync(place.file);
    if (size === 0) return false;
    const since = this.#since.get(place.file) ?? birthtimeMs;
    return size > this.#plan.maxBytes || this.#clock.wall() - since > this.#plan.maxAgeMs;
  }

  #bury(places: readonly LogPlace[]): void {
    const dead = new Map<string, LogPlace[]>();
    for (const place of places) {
      const folder = path.dirname(place.file);
      if (!this.#isAlive(place.worker)) dead.set(folder, [...dead.get(folder) ?? [], place]);
    }
    for (const graves of dead.values()) {
      for (const place of graves.slice(0, Math.max(0, graves.length - DEAD_LOGS_KEPT))) {
        for (let age = 0; age <= this.#plan.keep; age++) rmSync(rotated(place.file, age), { force: true });
        this.#since.delete(place.file);
      }
    }
  }
}
