// Properties that stand over those of Node's own objects and answer from the link behind them. One set of functions for
// all of them: with functions of its own each socket would have a shape of its own, and all of Node's code on its path
// would look its properties up by name.

import { linkOf } from './linked-socket.ts';
import type { Link } from './link.ts';

export function getter(get: (link: Link) => unknown): PropertyDescriptor {
  return { get(this: object) { return linked(this, get); }, set: ignore, enumerable: true, configurable: true };
}

export function method(answer: (link: Link) => unknown): PropertyDescriptor {
  return { value(this: object) { return linked(this, answer); }, writable: true, enumerable: false, configurable: true };
}

function linked(owner: object, read: (link: Link) => unknown): unknown {
  const link = linkOf(owner);
  return link === undefined ? undefined : read(link);
}

/** Node assigns some of them, and a class field of the app's may too. */
function ignore(): void {
  // The link stays right.
}
