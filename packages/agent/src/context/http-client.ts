// Requests of `node:http` and `node:https`, and of all clients made on them. It decides nothing about what is stamped.

import { channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import { Agent, ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { setOwn } from '../internals.ts';
import { bind, guardEmit, isMethod, ownerOf, setOwner } from './bound.ts';
import type { Context } from './context.ts';
import { valuesIn, withLine } from './header-lines.ts';
import type { Hook } from './hook.ts';
import type { Draft } from './outgoing.ts';
import { current } from './store.ts';

export function hookHttpClient(hook: Hook): void {
  guardEmit(IncomingMessage.prototype);
  guardEmit(ServerResponse.prototype);
  guardEmit(ClientRequest.prototype, passOwner);
  // A request is written to later, maybe by somebody else: whose it is, is settled when it is made.
  channel('http.client.request.created').subscribe((message) => {
    const request: unknown = typeof message === 'object' && message !== null ? Reflect.get(message, 'request') : null;
    if (request instanceof ClientRequest) claim(request);
  });
  claimWithoutChannel();
  beforeHead(hook);
}

/** Node 20 has no such channel; there the agent sees each request, or, without one, a socket does, while it is made. */
function claimWithoutChannel(): void {
  const add: unknown = Reflect.get(Agent.prototype, 'addRequest');
  const start: unknown = Reflect.get(ClientRequest.prototype, 'onSocket');
  if (!process.version.startsWith('v20.') || !isMethod(add) || !isMethod(start)) return;
  setOwn(Agent.prototype, 'addRequest', function (this: object, ...args: unknown[]): unknown {
    if (args[0] instanceof ClientRequest) claim(args[0]);
    return add.apply(this, args);
  });
  setOwn(ClientRequest.prototype, 'onSocket', function (this: ClientRequest, ...args: unknown[]): unknown {
    claim(this);
    return start.apply(this, args);
  });
}

/** Once: headers given as a list are put together before anybody is told of the request. */
function claim(request: ClientRequest): Context | null {
  const owner = ownerOf(request);
  if (owner !== undefined) return owner;
  const context = current();
  setOwner(request, context);
  return context;
}

/**
 * The one moment at which all headers are known (http.js: `_storeHeader`): some clients set theirs one by one, and those
 * that follow redirects copy ours from the request before.
 */
function beforeHead({ stamp, guard }: Hook): void {
  const store: unknown = Reflect.get(ClientRequest.prototype, '_storeHeader');
  if (!isMethod(store)) throw new TypeError('a ClientRequest without _storeHeader');
  setOwn(ClientRequest.prototype, '_storeHeader', function (this: ClientRequest, ...args: unknown[]): unknown {
    const listed = Array.isArray(args[1]);
    if (!listed) guard('http request', () => stamp(new HeadersDraft(this), claim(this)));
    const result = store.apply(this, args);
    if (listed) guard('http request', () => stamp(new HeadDraft(this), claim(this)));
    return result;
  });
}

/** A response belongs to whom its request belongs to, and so does a connection that it was upgraded to. */
function passOwner(request: object, args: readonly unknown[]): void {
  const event = args[0];
  if (event !== 'response' && event !== 'upgrade') return;
  const [, response, socket] = args;
  const owner: Context | null = ownerOf(request) ?? null;
  if (response instanceof EventEmitter) setOwner(response, owner);
  if (event === 'upgrade' && socket instanceof EventEmitter) bind(socket, owner);
}

abstract class HttpDraft implements Draft {
  protected readonly request: ClientRequest;

  constructor(request: ClientRequest) {
    this.request = request;
  }

  get authorities(): readonly string[] {
    const { host } = this.request;
    const named = this.get('host');
    return named === null || named === host ? [host] : [named, host];
  }

  get port(): number {
    return this.request.protocol === 'https:' ? 443 : 80;
  }

  abstract get(name: string): string | null;
  abstract set(name: string, value: string): void;
}

class HeadersDraft extends HttpDraft {
  override get(name: string): string | null {
    const value = this.request.getHeader(name);
    return value === undefined ? null : Array.isArray(value) ? value.join(', ') : String(value);
  }

  override set(name: string, value: string): void {
    if (value === '') this.request.removeHeader(name);
    else this.request.setHeader(name, value);
  }
}

/** Headers that were given as a list are text by now (http.js: `_header`). */
class HeadDraft extends HttpDraft {
  override get(name: string): string | null {
    return valuesIn(this.#head, name);
  }

  override set(name: string, value: string): void {
    const before = this.#head;
    const after = withLine(before, name, value);
    Reflect.set(this.request, '_header', after);
    // With `Expect` it waits for its connection already, as the first piece of output (http.js: `outputData`).
    const output: unknown = Reflect.get(this.request, 'outputData');
    const first: unknown = Array.isArray(output) ? output[0] : null;
    if (typeof first === 'object' && first !== null && Reflect.get(first, 'data') === before) Reflect.set(first, 'data', after);
  }

  get #head(): string {
    const head: unknown = Reflect.get(this.request, '_header');
    return typeof head === 'string' ? head : '';
  }
}
