// One server that the app has opened on a public place: what it is shown of its address, its private door, its
// connections, and how it stops. It knows no strategy.

import { close as closeDescriptor } from 'node:fs';
import type { AddressInfo, Server } from 'node:net';
import type { ListenerReport, Protocol } from '@graylane/wire';
import { Connections } from './connections.ts';
import { openHeld } from './held-place.ts';
import { forgetPath, setOwn, stopAccepting } from './internals.ts';
import { openDoor, type Door } from './private-door.ts';
import { isHttp } from './server-kind.ts';

/** How clients reach it. */
export type Reach =
  /** It holds the public socket itself. */
  | { readonly kind: 'public' }
  /** It may not be reached but by other agents. */
  | { readonly kind: 'private' }
  /** As private, until it is told to open the inherited socket. */
  | { readonly kind: 'held'; readonly fd: number };

export interface ShownAddress {
  readonly port: number;
  readonly host: string | null;
}

interface Options {
  readonly server: Server;
  readonly index: number;
  readonly protocol: Protocol;
  readonly reach: Reach;
  /** Inherited sockets of other slots of this place, by number; absent: none. */
  readonly others?: Readonly<Record<string, number>>;
  readonly shown: ShownAddress;
  readonly doorPath: string;
  readonly fault: (place: string, fault: unknown) => void;
  readonly closed: () => void;
}

export class AppServer {
  readonly server: Server;
  readonly index: number;
  readonly protocol: Protocol;
  readonly connections: Connections = new Connections();
  readonly #options: Options;
  #reach: Reach['kind'];
  #door: Door | null = null;
  /** Sockets that it accepts on without the app's knowing, by descriptor. */
  readonly #opened = new Map<number, Server>();
  readonly #spares = new Set<number>();

  constructor(options: Options) {
    this.#options = options;
    this.server = options.server;
    this.index = options.index;
    this.protocol = options.protocol;
    this.#reach = options.reach.kind;
    if (options.reach.kind !== 'public') AppServer.show(this.server, options.shown);
    this.#watchClose();
  }

  /** Makes a server say that it listens at `shown`, as long as it listens at all. */
  static show(server: Server, shown: ShownAddress): void {
    forgetPath(server);
    setOwn(server, 'address', () => (server.listening ? shownAddress(shown) : null));
  }

  /** Opens the private door; `ready` once other agents can connect. A server that speaks no HTTP has none. */
  openDoor(ready: () => void): void {
    if (!isHttp(this.protocol)) {
      ready();
      return;
    }
    const { server, protocol } = this;
    const { doorPath, shown, fault } = this.#options;
    this.#door = openDoor({ server, protocol, path: doorPath, port: shown.port, opened: ready, failed: (error) => fault('private socket', error) });
  }

  /** Starts to accept on a held public socket. */
  openPublic(): void {
    const { reach } = this.#options;
    if (this.#reach !== 'held' || reach.kind !== 'held') return;
    this.#accept(reach.fd);
    this.#reach = 'public';
    this.#acceptSpares();
  }

  /** Accepts on the sockets of these slots, too, as far as it has them; one that is held, once it is open. */
  acceptFor(slots: readonly number[]): void {
    for (const slot of slots) this.#spares.add(slot);
    this.#acceptSpares();
  }

  /** No new client connection from now on; other agents may still come until they know. */
  stopAccepting(): void {
    if (this.#reach === 'public' && this.#options.reach.kind === 'public') stopAccepting(this.server);
    for (const opened of this.#opened.values()) opened.close();
    // A copy that is left here would lead clients to a socket that nobody accepts on.
    for (const fd of Object.values(this.#options.others ?? {})) if (!this.#opened.has(fd)) closeDescriptor(fd, () => undefined);
    this.#reach = 'private';
  }

  #acceptSpares(): void {
    if (this.#reach !== 'public') return;
    for (const slot of this.#spares) {
      const fd = this.#options.others?.[slot];
      if (fd !== undefined) this.#accept(fd);
    }
  }

  #accept(fd: number): void {
    if (!this.#opened.has(fd)) this.#opened.set(fd, openHeld(this.server, fd, (error) => this.#options.fault('held socket', error)));
  }

  closeDoor(): void {
    this.#door?.close();
  }

  report(): ListenerReport {
    const { shown, doorPath } = this.#options;
    return { index: this.index, protocol: this.protocol, socket: isHttp(this.protocol) ? doorPath : '', port: shown.port, host: shown.host };
  }

  /** The app's `close()` closes all ways in, not only the one it opened. */
  #watchClose(): void {
    const { server } = this;
    const patched = Object.getOwnPropertyDescriptor(server, 'close');
    const close = server.close.bind(server);
    setOwn(server, 'close', (callback?: (error?: Error) => void): Server => {
      this.#door?.close();
      for (const opened of this.#opened.values()) opened.close();
      this.#reach = 'private';
      this.#options.closed();
      Reflect.deleteProperty(server, 'address');
      Reflect.deleteProperty(server, 'close');
      if (patched !== undefined) Object.defineProperty(server, 'close', patched);
      return close(callback);
    });
  }
}

/** What `address()` of a server with that public socket says. */
function shownAddress(shown: ShownAddress): AddressInfo {
  const address = shown.host === null ? '::' : shown.host === 'localhost' ? '127.0.0.1' : shown.host;
  return { address, family: address.includes(':') ? 'IPv6' : 'IPv4', port: shown.port };
}
