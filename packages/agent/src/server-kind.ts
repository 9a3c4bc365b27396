// Tells what an app's server speaks. It loads no module that the app has not loaded itself.

import { Server as HttpServer } from 'node:http';
import type { Server } from 'node:net';
import type { Protocol } from '@graylane/wire';

/**
 * http2 is told by name along the prototype chain, https by its class: importing them at the start would load TLS into every app.
 */
export function protocolOf(server: Server): Protocol {
  if (server instanceof HttpServer) return 'http';
  const names = constructorNames(server);
  if (names.includes('Http2SecureServer')) return 'h2';
  if (names.includes('Http2Server')) return 'h2c';
  return isHttps(server) ? 'https' : 'tcp';
}

/** True for everything that emits http's events or http2's `stream`. */
export function isHttp(protocol: Protocol): boolean {
  return protocol !== 'tcp';
}

export function isSecure(protocol: Protocol): boolean {
  return protocol === 'https' || protocol === 'h2';
}

export function isHttp2(protocol: Protocol): boolean {
  return protocol === 'h2' || protocol === 'h2c';
}

function isHttps(server: Server): boolean {
  return process.getBuiltinModule('node:https').Server.prototype.isPrototypeOf(server);
}

function constructorNames(server: Server): string[] {
  const names: string[] = [];
  for (let prototype: unknown = Object.getPrototypeOf(server); typeof prototype === 'object' && prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
    const constructor: unknown = Reflect.get(prototype, 'constructor');
    if (typeof constructor === 'function') names.push(constructor.name);
  }
  return names;
}
