// A data plane that somebody else has started, a sidecar: it gets keys and strategies like a worker, and is never started,
// drained or ended here.

import type { AgentMessage, HelloMessage, SupervisorMessage } from '@graylane/wire';

import type { Encoded, Link } from './control/link.ts';
import type { Hearer } from './hearer.ts';

export class Guest implements Hearer {
  readonly id: string;
  readonly spec: { readonly service: string };
  readonly #link: Link;
  #ackedGeneration: number;

  constructor(hello: HelloMessage, service: string, link: Link) {
    this.id = hello.worker;
    this.spec = { service };
    this.#link = link;
    this.#ackedGeneration = hello.generation;
  }

  /** Once it is gone it comes back as another guest. */
  readonly state: Hearer['state'] = { name: 'ready' };

  get connected(): boolean { return this.#link.open; }
  get ackedGeneration(): number { return this.#ackedGeneration; }

  send(message: SupervisorMessage): void { this.#link.send(message); }
  sendEncoded(bytes: Encoded): void { this.#link.sendEncoded(bytes); }

  hear(message: AgentMessage): void {
    if (message.kind === 'ack') this.#ackedGeneration = Math.max(this.#ackedGeneration, message.generation);
  }
}
