// An address that stays and is known for a worker's inspector: a loopback port that carries connections on to wherever Node has
// opened it. It reads nothing of what it carries.

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface Tunnel {
  /** What a debugger connects to, with this end's port. */
  readonly url: string;
  /** Ends it with all that it carries. */
  close(): void;
}

/** `inspector` as openInspector says it; `port` 0 takes a free one. Throws the system's error when the port cannot be had. */
export async function openTunnel(inspector: string, port: number): Promise<Tunnel> {
  const { hostname, port: inspected } = new URL(inspector);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(inspected), hostname);
    near.pipe(far).pipe(near);
    for (const [one, other] of [[near, far], [far, near]] as const) {
      sockets.add(one);
      // Whatever ends one side, the other one ends by 'close'.
      one.on('error', () => undefined);
      one.once('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = new URL(inspector);
  if (typeof address === 'object' && address !== null) url.port = String(address.port);
  return {
    url: url.href,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
