// Sockets passed on by systemd (sd_listen_fds(3)): descriptors from 3 on, meant for the process that LISTEN_PID names.

import { addressOf } from '../os/listening.ts';
import { slotKey } from '../slots.ts';

const FIRST_DESCRIPTOR = 3;
/** systemd's own limit for one unit is far below; a wrong number must not make us look at thousands of descriptors. */
const DESCRIPTOR_LIMIT = 1024;

/** Descriptors by slot key. A port that is listed several times (`ReusePort=yes`) gives that many slots. */
export function socketActivation(env: NodeJS.ProcessEnv, pid: number): Readonly<Record<string, number>> {
  const count = Number(env['LISTEN_FDS'] ?? 0);
  if (Number(env['LISTEN_PID'] ?? 0) !== pid || !Number.isInteger(count) || count < 1 || count > DESCRIPTOR_LIMIT) return {};
  return nameSockets(Array.from({ length: count }, (_, index) => FIRST_DESCRIPTOR + index), (fd) => addressOf(fd));
}

export function nameSockets(descriptors: readonly number[], address: (fd: number) => { readonly address: string; readonly port: number } | null): Readonly<Record<string, number>> {
  const named: Record<string, number> = {};
  const counts = new Map<string, number>();
  for (const fd of descriptors) {
    const bound = address(fd);
    if (bound === null) continue;
    const place = { port: bound.port, host: bound.address === '::' || bound.address === '0.0.0.0' ? null : bound.address };
    const first = slotKey(place, 0);
    const slot = counts.get(first) ?? 0;
    counts.set(first, slot + 1);
    named[slotKey(place, slot)] = fd;
  }
  return named;
}
