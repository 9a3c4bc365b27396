// The PROXY protocol of balancers, versions 1 and 2 (haproxy.org, proxy-protocol.txt): who the client is, before its first byte. Pure but for `readProxyHeader`.

import { BlockList, isIP } from 'node:net';
import type { Socket } from 'node:net';

export interface ProxiedPeer {
  readonly address: string;
  readonly port: number;
}

export type ProxyHeader =
  /** More bytes are needed to tell. */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'bad'; readonly why: string }
  /** `peer` is null where the balancer speaks for itself (health checks) or of no TCP connection. */
  | { readonly kind: 'header'; readonly length: number; readonly peer: ProxiedPeer | null };

const SIGNATURE = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);
/** Version 1 says so itself; version 2 could be 64 KiB, of which all but addresses are extensions that nobody here reads. */
const V1_LIMIT_BYTES = 107;
const V2_LIMIT_BYTES = 4_096;
/** From the connection to the end of the header: a balancer writes it at once. */
const HEADER_TIMEOUT_MS = 5_000;

const INCOMPLETE: ProxyHeader = { kind: 'incomplete' };

function parseProxyHeader(bytes: Buffer): ProxyHeader {
  const compared = Math.min(bytes.length, SIGNATURE.length);
  if (bytes.subarray(0, compared).equals(SIGNATURE.subarray(0, compared))) return compared < SIGNATURE.length ? INCOMPLETE : parseVersion2(bytes);
  if ('PROXY '.startsWith(bytes.toString('latin1', 0, Math.min(6, bytes.length)))) return parseVersion1(bytes);
  return { kind: 'bad', why: 'no PROXY header' };
}

function parseVersion1(bytes: Buffer): ProxyHeader {
  const end = bytes.indexOf('\r\n');
  if (end === -1) return bytes.length >= V1_LIMIT_BYTES ? { kind: 'bad', why: 'a PROXY line without an end' } : INCOMPLETE;
  if (end + 2 > V1_LIMIT_BYTES) return { kind: 'bad', why: 'a PROXY line over 107 bytes' };
  const [, family = '', source = '', , sourcePort = '', , ...rest] = bytes.toString('latin1', 0, end).split(' ');
  if (family === 'UNKNOWN') return { kind: 'header', length: end + 2, peer: null };
  const port = /^\d{1,5}$/.test(sourcePort) ? Number(sourcePort) : -1;
  const fits = (family === 'TCP4' && isIP(source) === 4) || (family === 'TCP6' && isIP(source) === 6);
  if (!fits || port < 0 || port > 65_535 || rest.length > 0) return { kind: 'bad', why: 'a malformed PROXY line' };
  return { kind: 'header', length: end + 2, peer: { address: source, port } };
}

function parseVersion2(bytes: Buffer): ProxyHeader {
  if (bytes.length < 16) return INCOMPLETE;
  const [command, family] = [bytes[12] as number, bytes[13] as number];
  const size = bytes.readUInt16BE(14);
  if (command !== 0x20 && command !== 0x21) return { kind: 'bad', why: 'an unknown version or command of PROXY' };
  if (size > V2_LIMIT_BYTES) return { kind: 'bad', why: `a PROXY header over ${V2_LIMIT_BYTES} bytes` };
  if (bytes.length < 16 + size) return INCOMPLETE;
  const length = 16 + size;
  if (command === 0x20) return { kind: 'header', length, peer: null };
  if (family === 0x11 && size >= 12) return { kind: 'header', length, peer: { address: [...bytes.subarray(16, 20)].join('.'), port: bytes.readUInt16BE(24) } };
  if (family === 0x21 && size >= 36) return { kind: 'header', length, peer: { address: address6(bytes.subarray(16, 32)), port: bytes.readUInt16BE(48) } };
  if (family === 0x11 || family === 0x21) return { kind: 'bad', why: 'a PROXY header without its addresses' };
  return { kind: 'header', length, peer: null };
}

function address6(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16));
  // Canonical text (RFC 5952), by the parser that everybody uses.
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}

/** Which peers may say who the client is: with nobody named, everybody may. */
export function trustedPeers(networks: readonly string[]): BlockList | null {
  if (networks.length === 0) return null;
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/**
 * Reads the header off a fresh connection and calls `next` with what it says and the rest unread.
 * A connection without one, or from a peer that may not send one, is closed: its bytes could pretend to be anybody.
 */
export function readProxyHeader(socket: Socket, trusted: BlockList | null, next: (peer: ProxiedPeer | null) => void): void {
  const peer = socket.remoteAddress ?? '';
  if (trusted !== null && !trusted.check(peer, isIP(peer) === 6 ? 'ipv6' : 'ipv4')) {
    socket.destroy();
    return;
  }
  let read: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), HEADER_TIMEOUT_MS);
  timer.unref();
  const fail = (): void => {
    clearTimeout(timer);
    socket.destroy();
  };
  const onData = (chunk: Buffer): void => {
    read = read.length === 0 ? chunk : Buffer.concat([read, chunk]);
    const header = parseProxyHeader(read);
    if (header.kind === 'incomplete') return;
    clearTimeout(timer);
    socket.removeListener('data', onData);
    socket.removeListener('error', fail);
    socket.removeListener('end', fail);
    if (header.kind === 'bad') {
      socket.destroy();
      return;
    }
    socket.pause();
    if (header.length < read.length) socket.unshift(read.subarray(header.length));
    next(header.peer);
  };
  socket.on('data', onData);
  socket.on('error', fail);
  socket.on('end', fail);
}

/** From now on the socket answers with the client's address where it would say the balancer's. */
export function showPeer(socket: Socket, { address, port }: ProxiedPeer): void {
  Object.defineProperties(socket, {
    remoteAddress: { value: address, configurable: true },
    remotePort: { value: port, configurable: true },
    remoteFamily: { value: isIP(address) === 6 ? 'IPv6' : 'IPv4', configurable: true },
  });
}
