// Every piece of Node that is not documented and that the agent touches, each behind a check that it is as expected.
// Where one is missing the caller gets false and does without.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server, ServerOpts, Socket } from 'node:net';

/** Gives `target` a property of its own that reading code cannot tell from the inherited one. */
export function setOwn(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
}

/** The head of an outgoing request as text (http.js: `_header`); '' before it is made. */
export function headOf(request: object): string {
  const { _header }: { _header?: unknown } = request;
  return typeof _header === 'string' ? _header : '';
}

/** To be called before anything of it is sent. */
export function replaceHead(request: object, head: string): void {
  const made: { _header?: unknown; outputData?: unknown } = request;
  // With `Expect` it waits for its connection already, as the first piece of output.
  const first: unknown = Array.isArray(made.outputData) ? made.outputData[0] : null;
  if (typeof first === 'object' && first !== null && Reflect.get(first, 'data') === made._header) Reflect.set(first, 'data', head);
  made._header = head;
}

/**
 * Makes a socket that another server accepted belong to `server`, so that its `close()` waits for it as it does
 * for its own connections (net.js: `socket._server`, `server._connections`).
 */
export function adoptSocket(server: Server, socket: Socket): boolean {
  const before: unknown = Reflect.get(socket, '_server');
  const connections: unknown = Reflect.get(server, '_connections');
  if (typeof before !== 'object' || before === null || typeof connections !== 'number') return false;
  const others: unknown = Reflect.get(before, '_connections');
  if (typeof others !== 'number') return false;
  Reflect.set(before, '_connections', others - 1);
  Reflect.set(server, '_connections', connections + 1);
  Reflect.set(socket, '_server', server);
  Reflect.set(socket, 'server', server);
  return true;
}

/** The app's choices for its own connections, in the shape that `net.createServer` takes (net.js keeps them as properties). */
export function socketOptions(server: Server): ServerOpts {
  const flag = (name: string): boolean => Reflect.get(server, name) === true;
  const seconds: unknown = Reflect.get(server, 'keepAliveInitialDelay');
  const mark: unknown = Reflect.get(server, 'highWaterMark');
  return {
    allowHalfOpen: flag('allowHalfOpen'),
    pauseOnConnect: flag('pauseOnConnect'),
    noDelay: flag('noDelay'),
    keepAlive: flag('keepAlive'),
    keepAliveInitialDelay: typeof seconds === 'number' ? seconds * 1000 : 0,
    ...(typeof mark === 'number' ? { highWaterMark: mark } : {}),
  };
}

/** Connections that count against `server.maxConnections`. */
export function connectionCount(server: Server): number {
  const connections: unknown = Reflect.get(server, '_connections');
  return typeof connections === 'number' ? connections : 0;
}

/** The native handle of a listening server or an open socket. */
export function handleOf(owner: Server | Socket): object | null {
  const handle: unknown = Reflect.get(owner, '_handle');
  return typeof handle === 'object' ? handle : null;
}

/** Makes a server forget that it listens on a Unix path; it would name that path once it is closed (net.js: `_pipeName`). */
export function forgetPath(server: Server): void {
  // Not deleted: a server of another shape costs each of its requests.
  Reflect.set(server, '_pipeName', undefined);
}

/**
 * Takes a listening server's socket away without telling the server: it still believes that it listens, so its own
 * `close()` works as the app's shutdown code expects, but no connection reaches it any more.
 */
export function stopAccepting(server: Server): boolean {
  const handle = handleOf(server);
  if (handle === null) return false;
  const close: unknown = Reflect.get(handle, 'close');
  if (typeof close !== 'function') return false;
  const address: unknown = server.address();
  const standIn = {
    close: () => undefined,
    ref: () => undefined,
    unref: () => undefined,
    hasRef: () => false,
    getsockname: (out: object): number => {
      Object.assign(out, address);
      return 0;
    },
  };
  if (!Reflect.set(server, '_handle', standIn)) return false;
  Reflect.apply(close, handle, []);
  return true;
}

/** The response that is being answered on a socket (http.js: `socket._httpMessage`). */
export function responseOf(socket: Socket): object | null {
  const response: unknown = Reflect.get(socket, '_httpMessage');
  return typeof response === 'object' ? response : null;
}

/** Whether the head of a response was given to its socket (http.js: `_headerSent`); `headersSent` is true of one that waits for its body, too. */
export function isWritten(response: object): boolean {
  return Reflect.get(response, '_headerSent') === true;
}

/** Whether an answer lies in the socket from its head on (stream.js: `writableBuffer`): it is corked until the end of the turn. */
export function isHeldBack(socket: Socket): boolean {
  const held: unknown = Reflect.get(socket, 'writableBuffer');
  const first: unknown = Array.isArray(held) ? held[0] : null;
  const chunk: unknown = typeof first === 'object' && first !== null ? Reflect.get(first, 'chunk') : null;
  return typeof chunk === 'string' && chunk.startsWith('HTTP/');
}

type OnIncoming = (request: IncomingMessage, keepAlive: boolean) => unknown;

interface Parser {
  onIncoming: OnIncoming;
  maxHeaderPairs: number;
}

/** The HTTP/1 parser that Node put on a socket when it was given to an http server. */
function parserOf(socket: Socket): Parser | null {
  const parser: unknown = Reflect.get(socket, 'parser');
  return isParser(parser) ? parser : null;
}

function isParser(value: unknown): value is Parser {
  return typeof value === 'object' && value !== null
    && typeof Reflect.get(value, 'onIncoming') === 'function'
    && typeof Reflect.get(value, 'maxHeaderPairs') === 'number';
}

/** Lets `first` see each request of a socket before Node itself looks at its headers. One more header line than the server's own limit is kept. */
export function beforeIncoming(socket: Socket, first: (request: IncomingMessage) => void): boolean {
  const parser = parserOf(socket);
  if (parser === null) return false;
  const next = parser.onIncoming;
  parser.onIncoming = (request, keepAlive) => {
    first(request);
    return next(request, keepAlive);
  };
  if (parser.maxHeaderPairs > 0) parser.maxHeaderPairs += 2;
  return true;
}

/** Gives all lines of one header (name in lower case) of a message the one value, or takes them away with ''. */
export function replaceHeader(request: IncomingMessage, name: string, value: string): void {
  const lines = request.rawHeaders;
  // Read before the lines change: it is made from them, once.
  const { headers } = request;
  let first = value !== '';
  for (let i = 0; i + 1 < lines.length;) {
    if (lines[i]?.toLowerCase() !== name) i += 2;
    else if (first) {
      lines[i + 1] = value;
      first = false;
      i += 2;
    } else lines.splice(i, 2);
  }
  countLines(request);
  if (value === '') Reflect.deleteProperty(headers, name);
  else headers[name] = value;
}

let headersCount: symbol | null | undefined;

/** Tells a message how many lines it has left (http.js: `kHeadersCount`); false where it keeps no such count. */
function countLines(request: IncomingMessage): boolean {
  headersCount ??= Object.getOwnPropertySymbols(request).find((symbol) => symbol.description === 'kHeadersCount') ?? null;
  return headersCount !== null && typeof Reflect.get(request, headersCount) === 'number' && Reflect.set(request, headersCount, request.rawHeaders.length);
}

/** Takes the last header line off a message that nobody has read yet. */
export function dropLastLine(request: IncomingMessage): void {
  const lines = request.rawHeaders;
  lines.pop();
  const name = lines.pop()?.toLowerCase();
  if (!countLines(request) && name !== undefined) Reflect.deleteProperty(request.headers, name);
}

interface HeadStore extends ServerResponse {
  _storeHeader: (this: HeadStore, ...args: unknown[]) => unknown;
  _header: unknown;
}

function storesHead(response: ServerResponse): response is HeadStore {
  return typeof Reflect.get(response, '_storeHeader') === 'function';
}

/** Gets the complete head of a response before it is sent, and gives what is sent instead. */
export type ChangeHead = (response: ServerResponse, head: string) => string;

/**
 * Makes a function that lets `change` see the head of a response, however the app wrote it (http.js: `_storeHeader` puts
 * every head together into `_header`). It is false where Node does that in another way.
 * All responses get the same function, by assignment: defining one for each costs more than the change.
 */
export function headHook(change: ChangeHead): (response: ServerResponse) => boolean {
  let before: HeadStore['_storeHeader'] | null = null;
  let hooked: HeadStore['_storeHeader'] | null = null;
  const around = (store: HeadStore['_storeHeader']): HeadStore['_storeHeader'] => function hook(this: HeadStore, ...args: unknown[]): unknown {
    const result: unknown = Reflect.apply(store, this, args);
    const head = this._header;
    if (typeof head === 'string') this._header = change(this, head);
    return result;
  };
  return (response) => {
    if (!storesHead(response)) return false;
    // Nearly always Node's own, of the prototype.
    const store = response._storeHeader;
    if (hooked === null || store !== before) hooked = around(before = store);
    response._storeHeader = hooked;
    return true;
  };
}
