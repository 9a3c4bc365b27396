// One HTTP/2 session to one upstream, opened when needed and again after it ended. It knows no exchange.
// HTTP/2 and TLS are loaded when the first upstream needs them: most workers never do, and each start would pay for it.

import type * as http2 from 'node:http2';
import * as net from 'node:net';
import type { Address } from './upstream.ts';

export class Http2Link {
  readonly #address: Address;
  #session: http2.ClientHttp2Session | null = null;

  constructor(address: Address) {
    this.#address = address;
  }

  get isOpen(): boolean {
    return this.#session !== null;
  }

  /** Opens a stream. Throws what Node throws on headers that HTTP/2 forbids. */
  request(headers: http2.OutgoingHttpHeaders, endStream: boolean): http2.ClientHttp2Stream {
    const present = this.#session;
    const session = present === null || present.closed || present.destroyed ? this.#open() : present;
    return session.request(headers, { endStream, waitForTrailers: !endStream });
  }

  /** Lets its streams end and takes no new ones. */
  close(): void {
    this.#session?.close();
  }

  destroy(): void {
    this.#session?.destroy();
  }

  #open(): http2.ClientHttp2Session {
    const session = process.getBuiltinModule('node:http2').connect('http://localhost', {
      // A pushed stream has no request that was routed here.
      settings: { enablePush: false },
      createConnection: () => connectPlain(this.#address),
    });
    // Each stream hears of it by itself.
    session.on('error', () => undefined);
    session.once('close', () => {
      if (this.#session === session) this.#session = null;
    });
    session.unref();
    this.#session = session;
    return session;
  }
}

function connectPlain(address: Address): net.Socket {
  if ('path' in address) return net.connect({ path: address.path });
  const { host, port } = address;
  if (address.tls === undefined) return net.connect({ host, port, noDelay: true });
  const { servername, ca } = address.tls;
  return process.getBuiltinModule('node:tls').connect({ host, port, servername, ALPNProtocols: ['h2'], ...(ca === undefined ? {} : { ca }) });
}
