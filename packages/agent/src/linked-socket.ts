// Finds the link behind a socket. It knows neither.

import type { Socket } from 'node:net';
import type { Link } from './link.ts';

/** By name: a part of the agent that is a file of its own looks for it, too. */
const LINK: unique symbol = Symbol.for('graylane.link');

interface LinkedSocket extends Socket {
  [LINK]?: Link;
}

/** The link behind a socket; undefined for a client's own connection. */
export function linkOf(socket: Socket): Link | undefined {
  const linked: LinkedSocket = socket;
  return linked[LINK];
}

/** Makes `socket` look like the client's connection from now on. */
export function dress(socket: Socket, link: Link): void {
  Object.defineProperties(socket, { ...link.shown(), [LINK]: { value: link } });
}
