// Messages of amqplib: all ways to publish end in one method of its channels, all consumers begin in another.

import { setOwn } from '../internals.ts';
import { isMethod } from './bound.ts';
import type { Patch } from './loaded-modules.ts';
import type { Messages } from './messages.ts';

export function amqplib(messages: Messages): Patch {
  return {
    file: 'amqplib/lib/channel.js',
    apply(exports) {
      const channel = prototypeOf(Reflect.get(exports, 'Channel'));
      const consuming = prototypeOf(Reflect.get(exports, 'BaseChannel'));
      if (channel !== null) stampSent(channel, messages);
      if (consuming !== null) enterConsumers(consuming, messages);
    },
  };
}

function stampSent(prototype: object, messages: Messages): void {
  const send: unknown = Reflect.get(prototype, 'sendMessage');
  if (!isMethod(send)) return;
  setOwn(prototype, 'sendMessage', function (this: object, fields: unknown, properties: unknown, ...rest: unknown[]): unknown {
    const headers = fieldOf(properties, 'headers');
    const added = messages.stamped((name) => fieldOf(headers, name));
    // The app may use its own objects again.
    const stamped = added === null ? properties : { ...copyOf(properties), headers: { ...copyOf(headers), ...added } };
    return send.call(this, fields, stamped, ...rest);
  });
}

function enterConsumers(prototype: object, messages: Messages): void {
  const dispatch: unknown = Reflect.get(prototype, 'dispatchMessage');
  if (!isMethod(dispatch)) return;
  setOwn(prototype, 'dispatchMessage', function (this: object, ...args: unknown[]): unknown {
    const headers = fieldOf(fieldOf(args[1], 'properties'), 'headers');
    return messages.consume((name) => fieldOf(headers, name), dispatch, this, args);
  });
}

/** With what it inherits: the library builds on the app's options, and sends all that it finds. */
function copyOf(value: unknown): object {
  const copy = {};
  for (const name in recordOf(value)) Reflect.set(copy, name, fieldOf(value, name));
  return copy;
}

export function prototypeOf(type: unknown): object | null {
  const prototype: unknown = typeof type === 'function' ? type.prototype : null;
  return typeof prototype === 'object' ? prototype : null;
}

export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

export function recordOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}
