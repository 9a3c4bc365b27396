// Binding a public address without listening on it. The one file that touches Node's internal handle constructor:
// a handle made by it can be inherited by a worker, sent to the anchor over IPC, and shares its port on Node 22, 24 and 26
// (the public net.BoundSocket is missing on 22 and cannot be sent on 24).

import net from 'node:net';
import { getSystemErrorName } from 'node:util';

/** As much of libuv's TCP handle as is needed to keep a socket, hand it on and let it go. */
export interface BoundHandle {
  readonly fd: number;
  close(): void;
  getsockname(out: Record<string, unknown>): number;
}

type CreateHandle = (address: string | null, port: number, family: number, fd: number | undefined, flags: number) => unknown;

const UV_TCP_REUSEPORT = 2;

/** Only Linux spreads connections over sockets that share a port; elsewhere all workers share one socket. */
export function canShareByPort(platform: string): boolean {
  return platform === 'linux';
}

/** A bound handle, or the name of the system error, such as EADDRINUSE. `address` null means all, IPv6 included where there is any. */
export function bindTcp(address: string | null, port: number, reusePort: boolean): BoundHandle | string {
  const create: unknown = Reflect.get(net, '_createServerHandle');
  if (typeof create !== 'function') return 'ENOSYS';
  const family = address !== null && net.isIPv6(address) ? 6 : 4;
  const made = (create as CreateHandle)(address, port, family, undefined, reusePort ? UV_TCP_REUSEPORT : 0);
  if (typeof made === 'number') return getSystemErrorName(made);
  if (!isBoundHandle(made)) return 'ENOSYS';
  // libuv keeps EADDRINUSE back until listen() or getsockname().
  const late = made.getsockname({});
  if (late === 0) return made;
  made.close();
  return getSystemErrorName(late);
}

/** True for a handle that came over IPC. */
export function isBoundHandle(value: unknown): value is BoundHandle {
  return typeof value === 'object' && value !== null && 'fd' in value && typeof value.fd === 'number' && 'close' in value && 'getsockname' in value;
}
