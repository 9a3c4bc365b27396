// What a version can be in the modules plane, and how it is called. It knows no strategy.

import type { IncomingMessage, ServerResponse } from 'node:http';

/** `http.createServer`'s argument: an Express app is one, Koa's `callback()` makes one. */
export type NodeListener = (req: IncomingMessage, res: ServerResponse) => unknown;

/** Hono, and what runs on workers and edges. */
export interface FetchHandler {
  fetch(request: Request, ...rest: unknown[]): Response | Promise<Response>;
}

/** Fastify: its routes are there once it is ready. */
export interface RoutingApp {
  ready(): PromiseLike<unknown>;
  routing(req: IncomingMessage, res: ServerResponse): unknown;
}

/** Koa, unless its `callback()` is given. */
export interface CallbackApp {
  callback(): NodeListener;
}

export type VersionHandler = NodeListener | FetchHandler | RoutingApp | CallbackApp;

export type Callable =
  | { readonly kind: 'node'; readonly call: NodeListener }
  | { readonly kind: 'fetch'; readonly call: FetchHandler['fetch'] };

/** Throws TypeError on what is no handler. */
export function callable(version: string, handler: VersionHandler): Callable {
  if (typeof handler === 'function') return { kind: 'node', call: handler };
  if (isObject(handler)) {
    if ('routing' in handler) return { kind: 'node', call: routingCall(handler) };
    if ('callback' in handler) return { kind: 'node', call: handler.callback() };
    if ('fetch' in handler) return { kind: 'fetch', call: (request, ...rest) => handler.fetch(request, ...rest) };
  }
  throw new TypeError(`version ${version} is no handler: give a Node listener, an Express, Koa or Fastify app, or an object with fetch()`);
}

/** Callers without types may give anything. */
function isObject(handler: unknown): handler is object {
  return typeof handler === 'object' && handler !== null;
}

function routingCall(app: RoutingApp): NodeListener {
  let ready = false;
  const waiting = Promise.resolve(app.ready()).then(() => ready = true);
  return (req, res) => {
    if (ready) return app.routing(req, res);
    return waiting.then(() => app.routing(req, res), (error: unknown) => void res.destroy(error instanceof Error ? error : new Error(String(error))));
  };
}
