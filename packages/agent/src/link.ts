// One private connection between two agents, as the app sees it: with the addresses and the TLS state of the client
// whose exchange it carries at the moment. It knows nothing of routing.

import type { IncomingMessage } from 'node:http';
import { HOP_HEADER, clientText, parseClient, parseHop, type Client, type Hop } from '@graylane/wire';
import type { ClientTls } from './client-tls.ts';
import { PLAIN } from './client-view.ts';
import { dropLastLine } from './internals.ts';
import { linkProperty } from './linked-socket.ts';
import { loadPart } from './part.ts';

/** Who is shown when nobody was named: a probe of the supervisor, say. */
const NOBODY: Client = { remoteAddress: '127.0.0.1', remotePort: 0, localAddress: '127.0.0.1', localPort: 0, encrypted: false, tls: '' };

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
  #client: Client | null = null;
  #tls: ClientTls | null = null;
  #tlsText = '';

  constructor(options: LinkOptions) {
    this.#options = options;
    this.secure = options.secure;
    const { secure, port } = options;
    this.#fallback = { client: clientText({ ...NOBODY, encrypted: secure, localPort: port }), encrypted: secure, generation: 0, lane: '', mint: '', stamp: '' };
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
    this.#client = null;
  }

  /** True when the exchange came from another agent, not from a probe. */
  get forwarded(): boolean {
    return this.#text !== '';
  }

  get hop(): Hop {
    this.#hop ??= (this.#text === '' ? null : parseHop(this.#text)) ?? this.#fallback;
    return this.#hop;
  }

  get client(): Client {
    this.#client ??= parseClient(this.hop.client);
    return this.#client;
  }

  get tls(): ClientTls | null {
    const text = this.client.tls;
    if (text !== this.#tlsText) {
      this.#tlsText = text;
      this.#tls = loadPart('protocols').decodeTls(text);
    }
    return this.#tls;
  }

  get alpn(): string | false {
    return this.tls?.alpn ?? this.#alpn;
  }

  /** Makes `target` look like the client's connection from now on. */
  show<Target extends object>(target: Target): Target {
    Object.defineProperties(target, { ...linkProperty(this), ...PLAIN });
    return this.secure ? Object.defineProperties(target, loadPart('protocols').SECURE) : target;
  }
}
