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

export interface Hop {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly encrypted: boolean;
  /** What TLS said about the client: a text of the agent's own, without spaces; '' when there is nothing to say. */
  readonly tls: string;
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
export function peerText(hop: Pick<Hop, 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort' | 'encrypted'> & { readonly tls?: string }): string {
  return `${hop.remoteAddress} ${hop.remotePort} ${hop.localAddress} ${hop.localPort} ${hop.encrypted ? `s${hop.tls ?? ''}` : '-'}`;
}

/** `peerText` with the part that is the request's own. */
export function hopText(peer: string, generation: number, lane: string, mint: string, stamp: string = ''): string {
  return `${peer} ${generation} ${lane || '-'} ${mint || '-'}${stamp === '' ? '' : ` ${stamp}`}`;
}

/** Null on anything that {@link hopText} did not write. */
export function parseHop(text: string): Hop | null {
  const parts = text.split(' ');
  if (parts.length !== 8 && !(parts.length === 9 && parts[8]?.startsWith('graylane.') === true)) return null;
  const [remoteAddress, remotePort, localAddress, localPort, security, generation, lane, mint] = parts as [string, string, string, string, string, string, string, string];
  return {
    remoteAddress,
    remotePort: Number(remotePort),
    localAddress,
    localPort: Number(localPort),
    encrypted: security.startsWith('s'),
    tls: security.startsWith('s') ? security.slice(1) : '',
    generation: Number(generation),
    lane: lane === '-' ? '' : lane,
    mint: mint === '-' ? '' : mint,
    stamp: parts[8] ?? '',
  };
}
