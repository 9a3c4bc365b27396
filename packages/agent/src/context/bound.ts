// Objects whose later calls belong to one request, whoever makes them: events of a pooled connection are made in the
// context of whoever opened it, and would put one user's lane on the request of another. It knows no library.

import { EventEmitter } from 'node:events';
import { setOwn } from '../internals.ts';
import type { Context } from './context.ts';
import { applyIn, current } from './store.ts';

/** Null says "outside any request"; without the property an object is left alone. */
const OWNER: unique symbol = Symbol('graylane.context');

interface Owned {
  [OWNER]?: Context | null;
}

/** Methods that look at their owner, ours and no others. */
const GUARDED: unique symbol = Symbol('graylane.guarded');

type Method = ((this: object, ...args: unknown[]) => unknown) & { [GUARDED]?: true };

export function ownerOf(object: object): Context | null | undefined {
  const owned: Owned = object;
  return owned[OWNER];
}

export function setOwner(object: object, context: Context | null): void {
  const owned: Owned = object;
  owned[OWNER] = context;
}

/** Makes one method of `holder` (a prototype, or one object) run in the context of the object it is called on. */
export function guardMethod(holder: object, name: string): void {
  guard(holder, name, (inherited) => function (...args) {
    const owner = ownerOf(this);
    return owner === undefined ? inherited.apply(this, args) : applyIn(owner, inherited, this, args);
  });
}

/** The same for `emit`: what nobody listens to is said in no context, and `seen` is shown what is said. */
export function guardEmit(holder: object, seen?: (self: object, args: readonly unknown[]) => void): void {
  guard(holder, 'emit', (inherited) => {
    // Streams say much that nobody listens to.
    const saysNothing = inherited === EventEmitter.prototype.emit;
    return function (...args) {
      const owner = ownerOf(this);
      if (owner === undefined) return inherited.apply(this, args);
      seen?.(this, args);
      if (isHeard(this, args[0])) return applyIn(owner, inherited, this, args);
      // An error that nobody handles is thrown.
      return saysNothing && args[0] !== 'error' ? false : inherited.apply(this, args);
    };
  });
}

function guard(holder: object, name: string, guarded: (inherited: Method) => Method): void {
  const inherited: unknown = Reflect.get(holder, name);
  if (!isMethod(inherited) || inherited[GUARDED] === true) return;
  const method = guarded(inherited);
  method[GUARDED] = true;
  setOwn(holder, name, method);
}

/** Asked of every event: an emitter that is none of Node's is taken to have listeners. */
function isHeard(emitter: object, event: unknown): boolean {
  return !(emitter instanceof EventEmitter) || typeof event !== 'string' || emitter.listenerCount(event) > 0;
}

/** From now on everything that `emitter` says is said in `context`. */
export function bind(emitter: object, context: Context | null): void {
  setOwner(emitter, context);
  // Prototypes of Node's own classes are guarded once and for all; a socket or a stream gets a method of its own.
  const { emit }: { emit?: unknown } = emitter;
  if (!isMethod(emit) || emit[GUARDED] !== true) guardEmit(emitter);
}

/**
 * For classes whose objects wait in queues and are called from there: every method of an object runs in the context in
 * which the first one was called.
 */
export function bindClass(prototype: object): void {
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const inherited: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
    if (name === 'constructor' || !isMethod(inherited) || inherited[GUARDED] === true) continue;
    const method: Method = function (...args) {
      let owner = ownerOf(this);
      if (owner === undefined) {
        owner = current();
        setOwner(this, owner);
      }
      return applyIn(owner, inherited, this, args);
    };
    method[GUARDED] = true;
    setOwn(prototype, name, method);
  }
}

export function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}
