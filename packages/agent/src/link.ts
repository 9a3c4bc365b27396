// One private connection between two agents, as the app sees it: with the addresses and the TLS state of the client
// whose exchange it carries at the moment. It knows nothing of routing.

import type { IncomingMessage } from 'node:http';
import { isIPv6, type AddressInfo, type Socket } from 'node:net';
import { HOP_HEADER, parseHop, type Hop } from '@graylane/wire';
import { decodeTls, peerCertificate, peerX509, type ClientTls } from './client-tls.ts';
import { dropLastLine } from './internals.ts';

const LINK: unique symbol = Symbol('graylane.link');

/** Who is shown when nobody was named: a probe of the supervisor, say. */
const NOBODY: Hop = { remoteAddress: '127.0.0.1', remotePort: 0, localAddress: '127.0.0.1', localPort: 0, encrypted: false, tls: '', generation: 0, lane: '', mint: '', stamp: '' };

interface LinkedSocket extends Socket {
  [LINK]?: Link;
}

/** The link behind a socket; undefined for a client's own connection. */
export function linkOf(socket: Socket): Link | undefined {
  const linked: LinkedSocket = socket;
  return linked[LINK];
}

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
      this.#tls = decodeTls(text);
    }
    return this.#tls;
  }

  get alpn(): string | false {
    return this.tls?.alpn ?? this.#alpn;
  }
}

/** Makes `socket` look like the client's connection from now on. */
export function dress(socket: Socket, link: Link): void {
  Object.defineProperties(socket, { ...shownProperties(link), [LINK]: { value: link } });
}

/** What is shown of the client on its socket. */
export function shownProperties(link: Link): PropertyDescriptorMap {
  const plain: PropertyDescriptorMap = {
    remoteAddress: getter(() => link.hop.remoteAddress),
    remotePort: getter(() => link.hop.remotePort),
    remoteFamily: getter(() => family(link.hop.remoteAddress)),
    localAddress: getter(() => link.hop.localAddress),
    localPort: getter(() => link.hop.localPort),
    localFamily: getter(() => family(link.hop.localAddress)),
    address: method((): AddressInfo => ({ address: link.hop.localAddress, family: family(link.hop.localAddress), port: link.hop.localPort })),
  };
  return link.secure ? { ...plain, ...secureProperties(link) } : plain;
}

/** What apps ask of a TLSSocket. */
function secureProperties(link: Link): PropertyDescriptorMap {
  return {
    encrypted: getter(() => true),
    authorized: getter(() => link.tls?.authorized ?? false),
    authorizationError: getter(() => link.tls?.refusal ?? null),
    alpnProtocol: getter(() => link.alpn),
    servername: getter(() => link.tls?.servername ?? false),
    getPeerCertificate: method(() => peerCertificate(link.tls)),
    getPeerX509Certificate: method(() => peerX509(link.tls)),
    getCipher: method(() => link.tls?.cipher ?? { name: 'TLS_AES_256_GCM_SHA384', standardName: 'TLS_AES_256_GCM_SHA384', version: 'TLSv1.3' }),
    getProtocol: method(() => link.tls?.protocol ?? 'TLSv1.3'),
    // The session itself stays with the process that holds the client's connection.
    getSession: method(() => undefined),
    isSessionReused: method(() => false),
    getFinished: method(() => undefined),
    getPeerFinished: method(() => undefined),
    getTLSTicket: method(() => undefined),
    getEphemeralKeyInfo: method(() => ({})),
    getSharedSigalgs: method(() => []),
    disableRenegotiation: method(() => undefined),
    setMaxSendFragment: method(() => true),
  };
}

function family(address: string): 'IPv4' | 'IPv6' {
  return isIPv6(address) ? 'IPv6' : 'IPv4';
}

function getter(get: () => unknown): PropertyDescriptor {
  // A setter that ignores: Node assigns some of them, and a class field of the app's may too.
  return { get, set: () => undefined, enumerable: true, configurable: true };
}

function method(value: (...args: never[]) => unknown): PropertyDescriptor {
  return { value, writable: true, enumerable: false, configurable: true };
}
