// Shows a forwarded HTTP/2 stream to the app as the client's own: the session and socket that the app finds on it carry
// that client's addresses, whatever other clients use the same private connection.

import type { ServerHttp2Stream } from 'node:http2';
import type { Link } from './link.ts';

export function showClient(stream: ServerHttp2Stream, link: Link): void {
  const { session } = stream;
  if (session === undefined) return;
  const socket = overlay(session.socket, link.show({}));
  // Node's compatibility layer finds the socket under a symbol of this name.
  const key = Object.getOwnPropertySymbols(session).find(({ description }) => description === 'socket');
  const shown: PropertyDescriptorMap = { ...sessionOf(stream), socket: { value: socket }, ...(key === undefined ? {} : { [key]: { value: socket } }) };
  Object.defineProperty(stream, 'session', { value: overlay(session, Object.defineProperties({}, shown)), configurable: true });
}

/** An app that ends a session means its client's. Streams of others go over the private one. */
function sessionOf(stream: ServerHttp2Stream): PropertyDescriptorMap {
  return {
    destroy: { value: (error?: Error) => void stream.destroy(error) },
    close: { value: () => undefined },
    goaway: { value: () => undefined },
  };
}

/** `target` but for the properties that `own` has; its methods still run on itself, but for those that an app has put there. */
function overlay<Target extends object>(target: Target, own: object): Target {
  return new Proxy(target, {
    get: (_, name): unknown => {
      if (Object.hasOwn(own, name)) return Reflect.get(own, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' && !Object.hasOwn(target, name) ? value.bind(target) as unknown : value;
    },
    set: (_, name, value) => Reflect.set(target, name, value, target),
  });
}
