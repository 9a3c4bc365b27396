// Objects whose later calls belong to one request, whoever makes them: events of a pooled connection are made in the
// context of whoever opened it, and would put one user's lane on the request of another. It knows no library.

import { setOwn } from '../internals.ts';
import type { Context } from './context.ts';
import { applyIn, current } from './store.ts';

/** Null says "outside any request"; without the property an object is left alone. */
const OWNER: unique symbol = Symbol('graylane.context');

interface Owned {
  [OWNER]?: Context | null;
}

type Method = (this: object, ...args: unknown[]) => unknown;

/** Methods that look at their owner, ours and no others. */
const guarded = new WeakSet();

export function ownerOf(object: object): Context | null | undefined {
  const owned: Owned = object;
  return owned[OWNER];
}

export function setOwner(object: object, context: Context | null): void {
  const owned: Owned = object;
  owned[OWNER] = context;
}

/** Makes one method of `holder` (a prototype, or one object) run in the context of the object it is called on. */
export function guardMethod(holder: object, name: string, seen?: (self: object, args: readonly unknown[]) => void): boolean {
  const inherited: unknown = Reflect.get(holder, name);
  if (!isMethod(inherited)) return false;
  if (guarded.has(inherited)) return true;
  const method: Method = function (...args) {
    const owner = ownerOf(this);
    if (owner === undefined) return inherited.apply(this, args);
    seen?.(this, args);
    return applyIn(owner, inherited, this, args);
  };
  guarded.add(method);
  setOwn(holder, name, method);
  return true;
}

/** From now on everything that `emitter` says is said in `context`. */
export function bind(emitter: object, context: Context | null): void {
  setOwner(emitter, context);
  // Prototypes of Node's own classes are guarded once and for all; a socket or a stream gets a method of its own.
  guardMethod(emitter, 'emit');
}

/**
 * For classes whose objects wait in queues and are called from there: every method of an object runs in the context in
 * which the first one was called.
 */
export function bindClass(prototype: object): void {
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const inherited: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
    if (name === 'constructor' || !isMethod(inherited) || guarded.has(inherited)) continue;
    const method: Method = function (...args) {
      let owner = ownerOf(this);
      if (owner === undefined) {
        owner = current();
        setOwner(this, owner);
      }
      return applyIn(owner, inherited, this, args);
    };
    guarded.add(method);
    setOwn(prototype, name, method);
  }
}

export function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}
