// One private connection between two agents, as the app sees it: with the addresses and the TLS state of the client
// whose exchange it carries at the moment. It knows nothing of routing.

import type { IncomingMessage } from 'node:http';
import { isIPv6, type AddressInfo, type Socket } from 'node:net';
import { HOP_HEADER, parseHop, type Hop } from '@graylane/wire';
import type { ClientTls } from './client-tls.ts';
import { getter, method } from './descriptors.ts';
import { dropLastLine } from './internals.ts';
import { loadPart } from './part.ts';

/** Who is shown when nobody was named: a probe of the supervisor, say. */
const NOBODY: Hop = { remoteAddress: '127.0.0.1', remotePort: 0, localAddress: '127.0.0.1', localPort: 0, encrypted: false, tls: '', generation: 0, lane: '', mint: '', stamp: '' };

interface LinkOptions {
  /** The app's server speaks TLS. */
  readonly secure: boolean;
  /** What it is told before the first exchange names its own. */
  readonly alpn: string | false;
  readonly port: number;
}

export class Link {
  readonly secure: boolean;
  readonly #options: LinkOptions;
  readonly #fallback: Hop;
  readonly #alpn: string | false;
  #text = '';
  #hop: Hop | null = null;
  #tls: ClientTls | null = null;
  #tlsText = '';

  constructor(options: LinkOptions) {
    this.#options = options;
    this.secure = options.secure;
    this.#fallback = { ...NOBODY, encrypted: options.secure, localPort: options.port };
    this.#alpn = options.alpn;
  }

  /** A link for one exchange among several on this connection. */
  for(text: string): Link {
    const link = new Link(this.#options);
    link.name(text);
    return link;
  }

  /** Takes the hop line off a request, before Node or the app has looked at it. */
  readonly accept = (request: IncomingMessage): void => {
    const lines = request.rawHeaders;
    if (lines.at(-2) === HOP_HEADER) {
      this.name(lines.at(-1) ?? '');
      dropLastLine(request);
    } else {
      this.name('');
    }
  };

  /** From here on the exchange of `text` (see wire's hop). */
  name(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    this.#hop = null;
  }

  /** True when the exchange came from another agent, not from a probe. */
  get forwarded(): boolean {
    return this.#text !== '';
  }

  get hop(): Hop {
    this.#hop ??= (this.#text === '' ? null : parseHop(this.#text)) ?? this.#fallback;
    return this.#hop;
  }

  get tls(): ClientTls | null {
    const text = this.hop.tls;
    if (text !== this.#tlsText) {
      this.#tlsText = text;
      this.#tls = loadPart('protocols').decodeTls(text);
    }
    return this.#tls;
  }

  get alpn(): string | false {
    return this.tls?.alpn ?? this.#alpn;
  }

  /** What is shown of the client on its socket. */
  shown(): PropertyDescriptorMap {
    const plain: PropertyDescriptorMap = {
      remoteAddress: getter(() => this.hop.remoteAddress),
      remotePort: getter(() => this.hop.remotePort),
      remoteFamily: getter(() => family(this.hop.remoteAddress)),
      localAddress: getter(() => this.hop.localAddress),
      localPort: getter(() => this.hop.localPort),
      localFamily: getter(() => family(this.hop.localAddress)),
      address: method((): AddressInfo => ({ address: this.hop.localAddress, family: family(this.hop.localAddress), port: this.hop.localPort })),
      // A Unix socket has no reset; without this the app gets an error for asking.
      resetAndDestroy: { value(this: Socket) { return this.destroy(); }, configurable: true, writable: true },
    };
    return this.secure ? { ...plain, ...loadPart('protocols').secureProperties(this) } : plain;
  }
}

function family(address: string): 'IPv4' | 'IPv6' {
  return isIPv6(address) ? 'IPv6' : 'IPv4';
}
