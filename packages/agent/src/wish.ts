// Reads what an app asked of listen(), and writes where it goes instead. It decides nothing.

import type { ListenOptions } from './listen-hook.ts';
import type { Wish } from './places.ts';

/** Null for all that is no TCP port: a Unix path, a handle, an inherited descriptor. A missing port is port 0. */
export function readWish(options: ListenOptions): Wish | null {
  if (options._handle !== undefined || options.handle !== undefined || options.fd !== undefined) return null;
  if (typeof options.path === 'string' && options.port === undefined) return null;
  // `listen(callback)` leaves the callback in the place of the port.
  const port = options.port === undefined || options.port === null || typeof options.port === 'function' ? 0 : Number(options.port);
  // Node throws its own error for what is no port, in words that the app expects.
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return null;
  return { port, host: typeof options.host === 'string' && options.host !== '' ? options.host : null };
}

export type Target =
  | { readonly kind: 'descriptor'; readonly fd: number }
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'loopback' }
  /** Beside the sockets of other slots. Where Node or the system has no reusePort, the port must be free. */
  | { readonly kind: 'port'; readonly port: number; readonly host: string | null };

/** The object may be the app's own; what it is given back when Node has read it. */
export type Restore = () => void;

export function redirect(options: ListenOptions, target: Target): Restore {
  const before = { ...options };
  switch (target.kind) {
    case 'descriptor':
      options.fd = target.fd;
      break;
    case 'path':
      // Node takes a present but empty `port` for port 0.
      delete options.port;
      delete options.host;
      options.path = target.path;
      break;
    case 'loopback':
      options.host = '127.0.0.1';
      if (options.port === undefined || options.port === null) options.port = 0;
      break;
    case 'port':
      options.port = target.port;
      if (target.host !== null) options.host = target.host;
      if (process.platform === 'linux') options.reusePort = true;
      break;
  }
  return () => {
    for (const name of ['fd', 'port', 'host', 'path', 'reusePort', 'exclusive'] as const) {
      if (name in before) options[name] = before[name];
      else Reflect.deleteProperty(options, name);
    }
  };
}
