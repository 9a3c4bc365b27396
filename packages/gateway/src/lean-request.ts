// A request whose `headers` object is built only when somebody wants more of it than Node's own server, which asks each request for
// `host` and `expect`: the gateway reads `rawHeaders`, and the object of twenty lines costs a tenth of forwarding them.

import { IncomingMessage } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';

const node = Object.getOwnPropertyDescriptor(IncomingMessage.prototype, 'headers');

/** Node's own class where its `headers` are no accessor. */
export const LeanRequest: typeof IncomingMessage = node?.get === undefined ? IncomingMessage : leanClass(node);

function leanClass(original: PropertyDescriptor): typeof IncomingMessage {
  const build = (message: IncomingMessage): IncomingHttpHeaders => original.get?.call(message) as IncomingHttpHeaders;
  const handler: ProxyHandler<IncomingMessage> = {
    get: (message, name) => {
      if (name === 'host') return firstOf(message.rawHeaders, name);
      if (name === 'expect' && firstOf(message.rawHeaders, name) === undefined) return undefined;
      return Reflect.get(build(message), name) as unknown;
    },
    has: (message, name) => Reflect.has(build(message), name),
    ownKeys: (message) => Reflect.ownKeys(build(message)),
    getOwnPropertyDescriptor: (message, name) => Reflect.getOwnPropertyDescriptor(build(message), name),
  };
  class Lean extends IncomingMessage {}
  Object.defineProperty(Lean.prototype, 'headers', {
    ...original,
    get(this: Lean) {
      return new Proxy(this, handler);
    },
  });
  return Lean;
}

/** Of several `Host` lines Node takes the first one; the gateway refuses them. */
function firstOf(rawHeaders: readonly string[], lower: string): string | undefined {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === lower.length && name.toLowerCase() === lower) return rawHeaders[i + 1];
  }
  return undefined;
}
