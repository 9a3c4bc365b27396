// Sees each listen() of the process before Node acts on it and sends it to its place: the slot's public socket, a
// private path, or nowhere else than where the app wanted. It knows no requests.

import { tracingChannel } from 'node:diagnostics_channel';
import { Server } from 'node:net';

/** What `listen()` was asked for; Node reads it after the hook, so that a change takes effect. */
export interface ListenOptions {
  port?: unknown;
  host?: unknown;
  path?: unknown;
  fd?: unknown;
  reusePort?: unknown;
  exclusive?: unknown;
  _handle?: unknown;
  handle?: unknown;
}

export interface ListenWatcher {
  /** May change `options`. */
  asked(server: Server, options: ListenOptions): void;
  listening(server: Server): void;
  failed(server: Server, error: unknown): void;
}

/** Hooks every listen() from now on; returns the way back. Errors of the watcher must not reach it: the app is calling. */
export function watchListen(watcher: ListenWatcher): () => void {
  const channel = tracingChannel<ListenOptions>('net.server.listen');
  const subscribers = {
    start: ignore,
    end: ignore,
    asyncStart: (message: object): void => {
      const server = serverOf(message);
      const options: unknown = Reflect.get(message, 'options');
      if (server !== null && typeof options === 'object' && options !== null) watcher.asked(server, options);
    },
    asyncEnd: (message: object): void => {
      const server = serverOf(message);
      if (server !== null) watcher.listening(server);
    },
    error: (message: object): void => {
      const server = serverOf(message);
      if (server !== null) watcher.failed(server, Reflect.get(message, 'error'));
    },
  };
  channel.subscribe(subscribers);
  return () => channel.unsubscribe(subscribers);
}

function ignore(): void {
  // Node does not use these two here.
}

function serverOf(message: object): Server | null {
  const server: unknown = Reflect.get(message, 'server');
  return server instanceof Server ? server : null;
}
