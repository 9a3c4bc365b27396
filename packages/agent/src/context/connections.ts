// Connections belong to nobody. Node says the events of a socket in the context in which it was opened, and pools of
// databases, brokers and HTTP clients open one in somebody's request and use it for everybody's.

import { Socket } from 'node:net';
import { setOwn } from '../internals.ts';
import { isMethod } from './bound.ts';
import { applyIn } from './store.ts';

export function freeConnections(): void {
  outside(Socket.prototype, 'connect');
  outside(process.getBuiltinModule('node:tls'), 'connect');
}

/** Runs a method outside any request. */
function outside(holder: object, name: string): void {
  const inherited: unknown = Reflect.get(holder, name);
  if (!isMethod(inherited)) return;
  setOwn(holder, name, function (this: object, ...args: unknown[]): unknown {
    return applyIn(null, inherited, this, args);
  });
}
