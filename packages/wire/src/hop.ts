// What one agent tells another about a forwarded exchange: who the client is and how it was routed.
// It travels as the last header line of the forwarded head, over a private Unix socket only, and never reaches the app.

/** The name of that line. A public listener gives it no meaning, and a private one believes only the last of its kind. */
export const HOP_HEADER = 'graylane-hop';

/**
 * What an agent says in place of an answer when the app has hung up on its client, which could not be told from a process
 * that died: an interim head, of a status that nobody uses.
 */
export const HANG_UP_STATUS = 199;
export const HANG_UP: string = `HTTP/1.1 ${HANG_UP_STATUS} Hang-up\r\n${HOP_HEADER}: hang-up\r\n\r\n`;

/** The client at the other end of an exchange, and its connection. */
export interface Client {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly encrypted: boolean;
  /** What TLS said about the client: a text of the agent's own, without spaces; '' when there is nothing to say. */
  readonly tls: string;
}

export interface Hop {
  /** A {@link clientText}: few apps ask for their client, and only then is it read. */
  readonly client: string;
  /** The client's connection is TLS. */
  readonly encrypted: boolean;
  /** The generation that routed it. */
  readonly generation: number;
  /** The release that selected it; '' for stable. */
  readonly lane: string;
  /** An anonymous id to set as a cookie, or ''. */
  readonly mint: string;
  /** The stamp as members of `baggage` (stamp.ts), where the strategy has several services; else ''. */
  readonly stamp: string;
}

/** The part that stays the same for a client's connection, so that it is made once. */
export function clientText(client: Client): string {
  return `${client.remoteAddress} ${client.remotePort} ${client.localAddress} ${client.localPort} ${client.encrypted ? `s${client.tls}` : '-'}`;
}

/** What {@link clientText} wrote. */
export function parseClient(text: string): Client {
  const [remoteAddress = '', remotePort, localAddress = '', localPort, security = '-'] = text.split(' ');
  const encrypted = security.startsWith('s');
  return { remoteAddress, remotePort: Number(remotePort), localAddress, localPort: Number(localPort), encrypted, tls: encrypted ? security.slice(1) : '' };
}

/** A {@link clientText} with the part that is the request's own. */
export function hopText(client: string, generation: number, lane: string, mint: string, stamp: string = ''): string {
  return `${client} ${generation} ${lane || '-'} ${mint || '-'}${stamp === '' ? '' : ` ${stamp}`}`;
}

const CLIENT_PARTS = 5;

/** Null on anything that {@link hopText} did not write. */
export function parseHop(text: string): Hop | null {
  let start = 0;
  let end = -1;
  for (let part = 0; part < CLIENT_PARTS; part++) {
    start = end + 1;
    end = text.indexOf(' ', start);
    if (end === -1) return null;
  }
  const own = text.slice(end + 1).split(' ');
  if (own.length !== 3 && !(own.length === 4 && own[3]?.startsWith('graylane.') === true)) return null;
  const [generation, lane, mint, stamp = ''] = own as [string, string, string, string?];
  return {
    client: text.slice(0, end),
    encrypted: text.startsWith('s', start),
    generation: Number(generation),
    lane: lane === '-' ? '' : lane,
    mint: mint === '-' ? '' : mint,
    stamp,
  };
}
