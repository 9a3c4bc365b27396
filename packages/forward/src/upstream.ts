// Where an exchange can be sent: the small interface that forwarding needs of a worker. It knows nothing of pools or health.

import * as net from 'node:net';
import type * as tls from 'node:tls';

export interface TlsTarget {
  readonly servername: string;
  /** PEM; the system's roots when absent. Certificates are always verified. */
  readonly ca?: string;
  /** PEM: what this side shows of itself, where the upstream asks for it. */
  readonly cert?: string;
  readonly key?: string;
}

export type Address =
  | { readonly path: string }
  | { readonly host: string; readonly port: number; readonly tls?: TlsTarget };

export interface Upstream {
  /** Unique in its group; the same key is the same upstream, whose connections and history stay. */
  readonly key: string;
  readonly address: Address;
  /** Speaks HTTP/2 and nothing else: by ALPN behind TLS, by prior knowledge without it. */
  readonly http2?: boolean;
}

export interface SocketReader {
  readonly buffer: Uint8Array;
  /** Returns false to stop reading until `socket.resume()`. */
  readonly callback: (bytes: number) => boolean;
}

/** A connecting socket whose bytes go to `reader` without passing through a stream. */
export function connect(address: Address, reader: SocketReader): net.Socket {
  const onread = { buffer: reader.buffer, callback: reader.callback };
  // Half-open: a tunnel's two directions end one after the other.
  if ('path' in address) return net.connect({ path: address.path, onread, allowHalfOpen: true });
  const { host, port } = address;
  if (address.tls === undefined) return net.connect({ host, port, onread, noDelay: true, allowHalfOpen: true });
  // The types of Node lack `onread` here; its documentation has it (tls.connect takes all options of socket.connect).
  const options: tls.ConnectionOptions & { onread: net.OnReadOpts } = { ...address.tls, host, port, onread };
  // Loaded when the first upstream needs it: most workers never do.
  return process.getBuiltinModule('node:tls').connect(options);
}

export function isLocal(address: Address): boolean {
  return 'path' in address;
}
