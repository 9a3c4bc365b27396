// The private Unix socket of one app server: accepts other agents' connections and gives them to the app's server as if
// clients had made them. Never TLS on this hop. It knows no strategy.

import { unlinkSync } from 'node:fs';
import { maxHeaderSize } from 'node:http';
import { createServer, type Server, type ServerOpts, type Socket } from 'node:net';
import { HANG_UP, type Protocol } from '@graylane/wire';
import { adoptSocket, beforeIncoming, isHeldBack, isWritten, responseOf, setOwn, socketOptions } from './internals.ts';
import { Link } from './link.ts';
import { isHttp2, isSecure } from './server-kind.ts';

/** Above the forwarder's own idle time (it closes first), so that no request is sent into a closing connection. */
export const IDLE_TIMEOUT_MS = 60_000;

/** The hop line with TLS facts and a client certificate; the app's own header limit stays what it was for the client's lines. */
const HOP_LINE_BYTES = 8192;

/** How long a finished connection reads on for its other end to close. */
const LINGER_MS = 1000;

/** Connections of other agents. Each worker keeps a few; the limit only stops a runaway. */
const CONNECTIONS_LIMIT = 4096;

export interface Door {
  readonly path: string;
  close(): void;
}

/** The path for HTTP/2 beside the one for HTTP/1, for a server that speaks both. */
export function http2Path(path: string): string {
  return `${path}2`;
}

/** Opens the private socket(s) for `server`; `opened` once all accept, `failed` with what was wrong. */
export function openDoor(options: { readonly server: Server; readonly protocol: Protocol; readonly path: string; readonly port: number; readonly opened: () => void; readonly failed: (error: Error) => void }): Door {
  const { server, protocol, path, port } = options;
  const accept = (alpn: string | false) => (socket: Socket): void => admit(server, socket, { secure: isSecure(protocol), alpn, port });
  const open = (at: string, alpn: string | false): Server => listen(at, socketOptions(server), accept(alpn), options.failed);
  const doors = [open(path, protocol === 'h2' ? 'http/1.1' : false)];
  if (isHttp2(protocol)) doors.push(open(http2Path(path), 'h2'));
  let waiting = doors.length;
  for (const door of doors) {
    door.once('listening', () => {
      waiting -= 1;
      if (waiting === 0) options.opened();
    });
  }
  return { path, close: () => doors.forEach((door) => door.close()) };
}

function listen(path: string, options: ServerOpts, accept: (socket: Socket) => void, failed: (error: Error) => void): Server {
  const door = createServer(options, accept);
  door.maxConnections = CONNECTIONS_LIMIT;
  door.on('error', failed);
  removeStale(path);
  door.listen(path);
  door.unref();
  return door;
}

/** A dead process leaves its path behind; worker names are never used twice at one time. */
function removeStale(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // There was none.
  }
}

interface Entry {
  readonly secure: boolean;
  readonly alpn: string | false;
  readonly port: number;
}

function admit(server: Server, socket: Socket, entry: Entry): void {
  const link = new Link(entry);
  link.show(socket);
  adoptSocket(server, socket);
  keepIdleTime(server, socket);
  lingerOnClose(socket);
  sayHangUp(socket, link);
  withHeaderRoom(server, () => server.emit(entry.secure ? 'secureConnection' : 'connection', socket));
  if (entry.alpn !== 'h2') beforeIncoming(socket, link.accept);
}

/** The parser takes its limit from the server while the connection is handed over; the app's value is back right after. */
function withHeaderRoom(server: Server, handOver: () => void): void {
  const limit: unknown = Reflect.get(server, 'maxHeaderSize');
  // Assigned, never defined anew or deleted: a server of another shape costs each of its requests.
  Reflect.set(server, 'maxHeaderSize', (typeof limit === 'number' && limit > 0 ? limit : maxHeaderSize) + HOP_LINE_BYTES);
  try {
    handOver();
  } finally {
    Reflect.set(server, 'maxHeaderSize', limit);
  }
}

/**
 * After a response Node's http server gives an idle socket the app's `keepAliveTimeout`. That is meant for clients:
 * on this side both ends are ours, and the forwarder must be the one that closes.
 */
function keepIdleTime(server: Server, socket: Socket): void {
  const setTimeout = socket.setTimeout.bind(socket);
  setOwn(socket, 'setTimeout', (ms: number, callback?: () => void): Socket => setTimeout(ms === idleTime(server) ? Math.max(ms, IDLE_TIMEOUT_MS) : ms, callback));
}

function idleTime(server: Server): number {
  const timeout: unknown = Reflect.get(server, 'keepAliveTimeout');
  const buffer: unknown = Reflect.get(server, 'keepAliveTimeoutBuffer');
  return (typeof timeout === 'number' ? timeout : 0) + (typeof buffer === 'number' ? buffer : 0);
}

/**
 * An app that hangs up before it answered means its client. After an upgrade no response is left to ask, and the connection
 * was made for it.
 */
function sayHangUp(socket: Socket, link: Link): void {
  const say = (lost: boolean): void => {
    if (!link.forwarded || socket.readableEnded || !socket.writable) return;
    const response = responseOf(socket);
    // An answer that is held back until the end of this turn is lost with the socket, as it would be on a direct one; `end` lets it go.
    const unanswered = response === null ? socket.bytesWritten === 0 : !isWritten(response) || (lost && isHeldBack(socket));
    if (unanswered) socket._write(HANG_UP, 'latin1', () => undefined);
  };
  const end = socket.end.bind(socket);
  const destroy = socket.destroy.bind(socket);
  setOwn(socket, 'end', (...said: readonly unknown[]): Socket => {
    if (said.length === 0) say(false);
    Reflect.apply(end, socket, said);
    return socket;
  });
  setOwn(socket, 'destroy', (error?: Error): Socket => {
    say(true);
    return destroy(error);
  });
}

/**
 * Closes after the last response like a careful server: the other agent may still be sending a body that the app did not
 * read, and a closed socket would answer that with an error that overtakes the response.
 */
function lingerOnClose(socket: Socket): void {
  setOwn(socket, 'destroySoon', () => {
    if (socket.writable) socket.end();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('end', () => socket.destroy());
    socket.once('close', () => clearTimeout(timer));
  });
}
