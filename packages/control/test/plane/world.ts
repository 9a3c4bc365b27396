// A control plane on a store in memory, a fake machine and fake time; the start of most tests here.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { StrategyDocument, StepSpec } from '@graylane/rules';
import { ControlPlane } from '../../src/plane/control-plane.ts';
import type { ControlPlaneOptions } from '../../src/plane/control-plane.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { FakeClock, settle } from '../fake-clock.ts';
import { FakeMachine } from './fake-machine.ts';

export interface World {
  readonly store: Store;
  readonly clock: FakeClock;
  readonly machine: FakeMachine;
  plane: ControlPlane;
  /** What nobody waited for and failed. */
  readonly faults: string[];
  /** As after a SIGKILL of the supervisor: processes and store stay, everything in memory is gone. */
  restart(file?: unknown): Promise<void>;
  end(): Promise<void>;
}

export const web: StrategyDocument = {
  services: { web: { listen: 8080, stable: 'v1', versions: { v1: { script: './v1.js' }, v2: { script: './v2.js' } } } },
};

export function withRelease(steps?: readonly StepSpec[], percent = 5): StrategyDocument {
  return { ...web, releases: [{ name: 'r', when: [{}], percent, versions: { web: 'v2' }, ...(steps === undefined ? {} : { steps }) }] };
}

/** `weaken` stands between the control plane and its store. */
export async function openWorld(file: unknown, extra: Partial<ControlPlaneOptions> = {}, weaken: (store: Store) => Store = (store) => store): Promise<World> {
  const clock = new FakeClock();
  const store = weaken(await openSqliteStore({ file: ':memory:', clock }));
  const machine = new FakeMachine();
  const faults: string[] = [];
  const make = (): ControlPlane => new ControlPlane({
    store, effects: machine, clock, random: () => 0.5,
    onFault: (what, error) => faults.push(`${what}: ${error instanceof Error ? error.message : String(error)}`), ...extra,
  });
  const world: World = {
    store, clock, machine, faults, plane: make(),
    restart: async (again) => {
      const old = world.plane;
      machine.before = () => new Promise(() => undefined);
      void old.stop();
      machine.before = () => Promise.resolve();
      world.plane = make();
      await world.plane.start(again ?? null);
      await settle();
    },
    end: async () => {
      await world.plane.stop();
      await store.close();
    },
  };
  await world.plane.start(file);
  await settle();
  return world;
}

/** A case with a world of its own; nothing in it may have gone wrong unsaid. */
export function inWorld(title: string, file: unknown, body: (world: World) => Promise<void>): void {
  it(title, async () => {
    const world = await openWorld(file);
    try {
      await body(world);
      assert.deepEqual(world.faults, []);
    } finally {
      // Whatever the case held back goes on.
      world.machine.before = () => Promise.resolve();
      await world.end();
    }
  });
}
