// Which TCP sockets listen on this machine and which process holds them, from /proc. Empty where there is no /proc.

import { readFileSync, readlinkSync } from 'node:fs';

import { allProcesses, listDirectory } from './processes.ts';

export interface ListeningSocket {
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

const LISTEN_STATE = '0A';
const ESTABLISHED_STATE = '01';

interface Row extends ListeningSocket { readonly state: string }

export function listeningSockets(): readonly ListeningSocket[] {
  return [...parseSockets(readTable('/proc/net/tcp')), ...parseSockets(readTable('/proc/net/tcp6'))].filter((socket) => socket.state === LISTEN_STATE);
}

/** How many connections this machine has on a loopback port of its own; 0 where the system does not tell. */
export function connectionsOn(port: number): number {
  return parseSockets(readTable('/proc/net/tcp')).filter((socket) => socket.port === port && socket.state === ESTABLISHED_STATE && isLoopback(socket.address)).length;
}

/** The address that a descriptor of this process is bound to, listening or not; null when it is no TCP socket. */
export function addressOf(fd: number): ListeningSocket | null {
  const inode = socketInode('self', String(fd));
  if (inode === null) return null;
  const listening = listeningSockets().find((socket) => socket.inode === inode);
  return listening ?? null;
}

/** The first process that holds the socket. */
export function holderOf(inode: string): number | null {
  for (const { pid } of allProcesses()) if (socketsOf(pid).has(inode)) return pid;
  return null;
}

/** Inodes of all sockets that a process has open. */
export function socketsOf(pid: number): ReadonlySet<string> {
  const inodes = new Set<string>();
  for (const fd of listDirectory(`/proc/${pid}/fd`)) {
    const inode = socketInode(String(pid), fd);
    if (inode !== null) inodes.add(inode);
  }
  return inodes;
}

/** True for 127.0.0.0/8, ::1 and their IPv4-mapped forms. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1' || address.startsWith('::ffff:127.');
}

/** Rows of /proc/net/tcp or tcp6. */
export function parseSockets(table: string): readonly Row[] {
  const sockets: Row[] = [];
  for (const line of table.split('\n').slice(1)) {
    const [, local, , state = '', , , , , , inode] = line.trim().split(/\s+/);
    const [address, port] = (local ?? '').split(':');
    if (address === undefined || port === undefined || inode === undefined) continue;
    sockets.push({ address: parseAddress(address), port: Number.parseInt(port, 16), inode, state });
  }
  return sockets;
}

/** The kernel prints addresses as 32-bit words in the machine's own order, which is little-endian wherever Node runs. */
function parseAddress(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  const text = bytes.join('').toLowerCase();
  if (text === '0'.repeat(31) + '1') return '::1';
  if (text === '0'.repeat(32)) return '::';
  if (text.startsWith('0'.repeat(20) + 'ffff')) return '::ffff:' + bytes.slice(12).map((byte) => Number.parseInt(byte, 16)).join('.');
  return (text.match(/.{4}/g) ?? []).join(':');
}

function socketInode(pid: string, fd: string): string | null {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? null;
  } catch {
    return null;
  }
}

function readTable(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
