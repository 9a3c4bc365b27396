// A wire that can be cut: bytes stop in both directions and nobody is told, as when a cable is pulled or a firewall drops packets.
// It knows no protocol.

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface CuttingProxy {
  /** `host:port` of its near end. */
  readonly host: string;
  /** From now on nothing passes, neither on open connections nor on new ones. */
  cut(): void;
  /** New connections pass, and open ones go on with what was held up; after a long cut they have ended, as the kernels of both sides end them. */
  mend(): void;
  close(): Promise<void>;
}

/** Keep-alive probes once a second, ten of them unanswered: what graylane asks of its connections. */
const PROBES_MS = 11_000;

export async function startCuttingProxy(near: { readonly host: string; readonly port: number }, far: { readonly host: string; readonly port: number }): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  const pairs = new Set<readonly [Socket, Socket]>();
  let cutAt: number | null = null;
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket));
  };
  const server = createServer({ noDelay: true }, (client) => {
    keep(client);
    if (cutAt !== null) {
      client.pause();
      return;
    }
    const upstream = keep(connect({ ...far, noDelay: true }));
    const pair = [client, upstream] as const;
    pairs.add(pair);
    client.pipe(upstream).pipe(client);
    for (const socket of pair) {
      socket.once('close', () => {
        pairs.delete(pair);
        for (const one of pair) one.destroy();
      });
    }
  });
  server.listen(near.port, near.host);
  await once(server, 'listening');
  const address = server.address();
  return {
    host: `${near.host}:${typeof address === 'object' && address !== null ? address.port : near.port}`,
    cut: () => {
      cutAt ??= performance.now();
      for (const socket of sockets) socket.unpipe().pause();
    },
    mend: () => {
      // A whole wire that is piped once more sends every byte twice.
      if (cutAt === null) return;
      const isLong = performance.now() - cutAt > PROBES_MS;
      cutAt = null;
      const known = new Set([...pairs].flat());
      for (const [client, upstream] of pairs) {
        if (isLong) client.destroy();
        else client.pipe(upstream).pipe(client);
      }
      // Who knocked meanwhile was never let in.
      for (const socket of sockets) if (!known.has(socket)) socket.destroy();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
