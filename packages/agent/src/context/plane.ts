// Everything that carries contexts through a process: puts the hooks together, once, and offers them to the app's own code.
// It is a file of its own (dist/context.cjs) and knows no strategy but the hosts that are its services.

import type { EventEmitter } from 'node:events';
import { amqplib } from './amqplib.ts';
import { bind } from './bound.ts';
import { bullmq } from './bullmq.ts';
import { freeConnections } from './connections.ts';
import type { Context, Equipment, Plane } from './context.ts';
import type { Hook } from './hook.ts';
import { hookHttpClient } from './http-client.ts';
import { hookHttp2 } from './http2-client.ts';
import { kafkajs } from './kafkajs.ts';
import { watchModules } from './loaded-modules.ts';
import { StampedMessages } from './messages.ts';
import { stamp } from './outgoing.ts';
import { OwnHosts } from './own-hosts.ts';
import { grpcCalls, undiciPools } from './queues.ts';
import { offer, type ThreadData } from './shared.ts';
import { current, runIn } from './store.ts';
import { adoptUnchecked, heard, tellThreads } from './threads.ts';
import { hookUndici } from './undici-client.ts';

/** The plane of a process. `file` is where this code was loaded from, for its worker threads. */
export function createPlane(equipment: Equipment, file: string): Plane {
  const plane = new HookedPlane(equipment);
  return {
    enter: plane.enter,
    follow(hosts, carried) {
      plane.follow(hosts, carried);
      tellThreads({ file, hosts, carried });
    },
  };
}

/** The plane of a worker thread: it believes what its own process hands it, and whoever it calls checks the seal. */
export function createThreadPlane(data: ThreadData): void {
  const plane = new HookedPlane({ adopt: adoptUnchecked, fault: () => undefined });
  plane.follow(data.hosts, data.carried);
  heard(({ hosts, carried }) => plane.follow(hosts, carried));
}

class HookedPlane implements Plane {
  readonly #hosts = new OwnHosts();
  readonly #equipment: Equipment;
  #carried: readonly string[] = [];

  constructor(equipment: Equipment) {
    this.#equipment = equipment;
    const hook: Hook = { stamp: (draft, context) => stamp(draft, context, this.#hosts), guard: this.#guard };
    const messages = new StampedMessages({ adopt: equipment.adopt, carried: () => this.#carried, fault: equipment.fault });
    this.#guard('connections', freeConnections);
    this.#guard('http', () => hookHttpClient(hook));
    this.#guard('undici', () => hookUndici(hook));
    this.#guard('http2', () => hookHttp2(hook));
    this.#guard('libraries', () => watchModules([...undiciPools, ...grpcCalls, amqplib(messages), ...bullmq(messages), kafkajs(messages)], this.#guard));
    offer({ current, runIn, contextOf: (header) => messages.contextOf(header), stamped: (header) => messages.stamped(header) });
  }

  readonly enter = <Result>(context: Context, emitters: readonly EventEmitter[], next: () => Result): Result => {
    for (const emitter of emitters) bind(emitter, context);
    return runIn(context, next);
  };

  follow(hosts: readonly string[], carried: readonly string[]): void {
    this.#hosts.follow(hosts);
    this.#carried = carried;
  }

  readonly #guard = (place: string, work: () => void): void => {
    try {
      work();
    } catch (fault) {
      this.#equipment.fault(place, fault);
    }
  };
}
