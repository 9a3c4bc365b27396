// One request as the gateway's rules and logs see it, whatever protocol brought it. It moves nothing.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { valuesOf } from '@graylane/forward';

export interface Ask {
  readonly method: string;
  readonly target: string;
  /** Name, value, name, value…; `host` is among them, pseudo fields are not. */
  readonly rawHeaders: string[];
  /** Of the client, as the listener knows it: behind a balancer what the PROXY header says. */
  readonly address: string | undefined;
  readonly secure: boolean;
  readonly protocol: 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2';
  /** The same object for all requests of one client connection. */
  readonly connection: object;
}

export function askOf(req: IncomingMessage, secure: boolean): Ask {
  const { method = '', url = '', rawHeaders, socket, httpVersion } = req;
  return { method, target: url, rawHeaders, address: socket.remoteAddress, secure, protocol: httpVersion === '1.0' ? 'HTTP/1.0' : 'HTTP/1.1', connection: socket };
}

/** What is known of a request whose head could not be read. */
export function unreadAsk(socket: Duplex, secure: boolean): Ask {
  const address = 'remoteAddress' in socket && typeof socket.remoteAddress === 'string' ? socket.remoteAddress : undefined;
  return { method: '', target: '', rawHeaders: [], address, secure, protocol: 'HTTP/1.1', connection: socket };
}

export function hostOf(ask: Ask): string {
  return valuesOf(ask.rawHeaders, 'host');
}
