// Gateway workers of `graylane up`: one service, whose versions are workers of the same supervisor.

import type { Upstream } from '@graylane/forward';
import type { ListenerPlan, Peer, StrategyMessage } from '@graylane/wire';
import { Gateway } from './gateway.ts';
import type { Listen } from './front.ts';
import { Lanes } from './lanes.ts';
import type { Plane, ServiceCounts } from './plane.ts';
import { sumOf, type Traffic } from './traffic.ts';

/** One gateway per public place: each has the upstreams that serve this place. */
interface Place {
  readonly plan: ListenerPlan;
  readonly gateway: Gateway;
}

export class PeersPlane implements Plane {
  readonly lanes: Lanes = new Lanes(Date.now);
  readonly #service: string;
  readonly #places: readonly Place[];

  /** `stable` serves everybody until there is a strategy. */
  constructor(service: string, stable: string, listeners: readonly ListenerPlan[], random: () => number) {
    this.#service = service;
    this.#places = listeners.map((plan) => ({ plan, gateway: new Gateway({ listen: [listenOf(plan)], service, stable, upstreams: {}, random, lanes: this.lanes }) }));
  }

  get generation(): number {
    return this.#places[0]?.gateway.generation ?? 0;
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  async open({ index }: ListenerPlan): Promise<void> {
    await this.#places.find(({ plan }) => plan.index === index)?.gateway.listen();
  }

  publish(message: StrategyMessage): void {
    for (const { gateway } of this.#places) gateway.publish(message);
  }

  setPeers(peers: readonly Peer[]): void {
    for (const { plan, gateway } of this.#places) gateway.setUpstreams(upstreamsOf(peers, plan.index));
  }

  takeCounts(): readonly ServiceCounts[] {
    return this.#places.map(({ gateway }) => ({ service: this.#service, counts: gateway.takeCounts(), ended: gateway.takeExposures() }));
  }

  traffic(): Traffic {
    return sumOf(this.#places.map(({ gateway }) => gateway.traffic));
  }

  async drain(graceMs: number): Promise<void> {
    await Promise.all(this.#places.map(({ gateway }) => gateway.drain(graceMs)));
  }

  close(): void {
    for (const { gateway } of this.#places) gateway.close();
  }
}

export function listenOf({ fd, port, host }: ListenerPlan): Listen {
  if (fd !== null) return { fd };
  return host === null ? { port } : { port, host };
}

/** What speaks HTTP/1.1 on its private socket. */
function upstreamsOf(peers: readonly Peer[], index: number): Record<string, Upstream[]> {
  const versions: Record<string, Upstream[]> = {};
  for (const { version, listeners } of peers) {
    for (const listener of listeners) {
      if (listener.index !== index || listener.socket === '' || listener.protocol === 'h2c' || listener.protocol === 'tcp') continue;
      (versions[version] ??= []).push({ key: listener.socket, address: { path: listener.socket } });
    }
  }
  return versions;
}
