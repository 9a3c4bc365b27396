// Finds the link behind a socket, or behind what stands for one. It knows neither.

import type { Link } from './link.ts';

/** By name: a part of the agent that is a file of its own looks for it, too. */
const LINK: unique symbol = Symbol.for('graylane.link');

interface Linked {
  [LINK]?: Link;
}

/** The link behind a socket; undefined for a client's own connection. */
export function linkOf(socket: object): Link | undefined {
  const linked: Linked = socket;
  return linked[LINK];
}

/** What makes an object's properties answer from `link`. */
export function linkProperty(link: Link): PropertyDescriptorMap {
  return { [LINK]: { value: link } };
}
