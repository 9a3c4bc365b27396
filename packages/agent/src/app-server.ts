// One server that the app has opened on a public place: what it is shown of its address, its private door, its
// connections, and how it stops. It knows no strategy.

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
  #reach: Reach;
  #door: Door | null = null;
  #opened: Server | null = null;

  constructor(options: Options) {
    this.#options = options;
    this.server = options.server;
    this.index = options.index;
    this.protocol = options.protocol;
    this.#reach = options.reach;
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
    if (this.#reach.kind !== 'held') return;
    this.#opened = openHeld(this.server, this.#reach.fd, (error) => this.#options.fault('held socket', error));
    this.#reach = { kind: 'public' };
  }

  /** No new client connection from now on; other agents may still come until they know. */
  stopAccepting(): void {
    if (this.#reach.kind !== 'public') {
      this.#reach = { kind: 'private' };
      return;
    }
    if (this.#opened === null) stopAccepting(this.server);
    else this.#opened.close();
    this.#reach = { kind: 'private' };
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
      this.#opened?.close();
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
