// Libraries that keep requests waiting and make them later, in whatever context it then happens to be. It binds each of
// those requests to whoever asked.

import { prototypeOf } from './amqplib.ts';
import { bindClass, isMethod } from './bound.ts';
import type { Patch } from './loaded-modules.ts';
import { noteAsker } from './undici-client.ts';

/** A call of gRPC waits for names, connections and retries; its parts are made one by the other. */
const GRPC_CALLS: readonly (readonly [file: string, type: string])[] = [
  ['resolving-call.js', 'ResolvingCall'],
  ['retrying-call.js', 'RetryingCall'],
  ['load-balancing-call.js', 'LoadBalancingCall'],
];

/** undici's pools by version: 5, and from 6 on. */
const UNDICI_POOLS = ['undici/lib/pool-base.js', 'undici/lib/dispatcher/pool-base.js'];

export const grpcCalls: readonly Patch[] = GRPC_CALLS.map(([file, type]) => ({
  file: `@grpc/grpc-js/build/src/${file}`,
  apply(exports) {
    const prototype = prototypeOf(Reflect.get(exports, type));
    if (prototype !== null) bindClass(prototype);
  },
}));

export const undiciPools: readonly Patch[] = UNDICI_POOLS.map((file) => ({
  file,
  apply(exports) {
    const prototype = prototypeOf(Reflect.get(exports, 'PoolBase'));
    if (prototype !== null) noteAskers(prototype);
  },
}));

/** dispatcher-base.js calls `this[kDispatch](opts, handler)`. */
function noteAskers(prototype: object): void {
  const key = Object.getOwnPropertySymbols(prototype).find(({ description }) => description === 'dispatch');
  const dispatch: unknown = key === undefined ? undefined : Reflect.get(prototype, key);
  if (key === undefined || !isMethod(dispatch)) return;
  const value = function (this: object, ...args: unknown[]): unknown {
    const [, handler] = args;
    if (typeof handler === 'object' && handler !== null) noteAsker(handler);
    return dispatch.apply(this, args);
  };
  Object.defineProperty(prototype, key, { value, writable: true, configurable: true });
}
