// The data planes that somebody else has started, as long as they are connected. Knows no worker and no pool.

import type { CountsMessage, HelloMessage } from '@graylane/wire';

import type { Link } from './control/link.ts';
import type { AgentHandler } from './control/server.ts';
import { Guest } from './guest.ts';
import type { Keys } from './keys.ts';
import type { Publisher } from './publisher.ts';
import type { Standings } from './standing.ts';
import type { Waiters } from './until.ts';

/** A sidecar for each service and a few on their way out; more is a loop. */
const GUESTS_LIMIT = 256;

export interface GuestsOptions {
  readonly waiters: Waiters;
  readonly standings: Standings;
  readonly keys: Keys;
  readonly publisher: Publisher;
  readonly counted: (guest: Guest, message: CountsMessage) => void;
  readonly warn: (subject: string, text: string) => void;
}

export class Guests {
  readonly #options: GuestsOptions;
  readonly #present = new Set<Guest>();

  constructor(options: GuestsOptions) {
    this.#options = options;
  }

  get present(): ReadonlySet<Guest> { return this.#present; }

  /** Whoever can reach the control socket is this user: the folder is private. Null refuses. */
  welcome(hello: HelloMessage, service: string, link: Link): AgentHandler | null {
    const { waiters, standings, keys, publisher, counted, warn } = this.#options;
    if (this.#present.size >= GUESTS_LIMIT) {
      warn(hello.worker, `a sidecar of ${service} was refused: there are ${GUESTS_LIMIT} already`);
      return null;
    }
    const guest = new Guest(hello, service, link);
    this.#present.add(guest);
    keys.greet(guest);
    publisher.greet(guest);
    return {
      message: (message) => {
        guest.hear(message);
        if (message.kind === 'ack') waiters.poke();
        if (message.kind === 'fetch') publisher.fetch(guest, message.generation);
        standings.hear(guest, message);
        if (message.kind === 'counts') counted(guest, message);
      },
      closed: () => {
        this.#present.delete(guest);
        waiters.poke();
      },
    };
  }
}
