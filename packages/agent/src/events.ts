// Puts a gate before an app's server: an own `emit` sees each event first, whoever listens and whenever they began to.
// A server keeps its own `emit` for life; opened again, it gets a new gate behind it.

import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Server, Socket } from 'node:net';
import { isForwarded } from '@graylane/forward';
import type { AppServer } from './app-server.ts';
import { enter } from './context/enter.ts';
import type { Gate } from './gate.ts';
import { responseOf, setOwn } from './internals.ts';
import { isSecure } from './server-kind.ts';

/** The events that concern a gate, with what Node gives along; all others pass. */
type ServerEvent =
  | readonly ['request', IncomingMessage, ServerResponse]
  | readonly ['checkContinue' | 'checkExpectation', IncomingMessage, ServerResponse]
  | readonly ['upgrade' | 'connect', IncomingMessage, Socket, Buffer]
  | readonly ['connection' | 'secureConnection', Socket]
  /** Without a socket where an app says it by itself. */
  | readonly ['timeout', Socket?]
  | readonly ['session', ServerHttp2Session];

type SessionEvent = readonly ['stream', ServerHttp2Stream, IncomingHttpHeaders, number, string[]] | readonly ['close'];

interface Guard {
  app: AppServer;
  gate: Gate;
}

/** True for a server whose requests are routed. */
export function isGuarded(server: Server): boolean {
  return guards.has(server);
}

type Emit = (this: EventEmitter, event: string, ...args: readonly unknown[]) => boolean;

interface Emitting {
  readonly emit: Emit;
}

/** Emits to the app. */
type Pass = (event: readonly [string, ...unknown[]]) => boolean;

const guards = new WeakMap<Server, Guard>();

export function guardEvents(app: AppServer, gate: Gate): void {
  const { server } = app;
  const known = guards.get(server);
  if (known !== undefined) {
    known.app = app;
    known.gate = gate;
    return;
  }
  const guard: Guard = { app, gate };
  guards.set(server, guard);
  const inherited = inheritedEmit(server);
  const pass: Pass = (event) => inherited().apply(server, [...event]);
  setOwn(server, 'emit', (...event: ServerEvent): boolean => {
    // The one event whose cost counts.
    if (event[0] !== 'request') return handle(guard, pass, event);
    if (guard.gate.request(event[1], event[2])) return true;
    const context = guard.gate.takeContext();
    if (context === null) return inherited().call(server, 'request', event[1], event[2]);
    return enter(event[1], context, () => inherited().call(server, 'request', event[1], event[2]), event[2]);
  });
  askFirst(server, guard);
}

/** Node's `emit`, or what somebody has put over it, before or after us. */
function inheritedEmit(server: Server): () => Emit {
  const own: unknown = Object.getOwnPropertyDescriptor(server, 'emit')?.value;
  if (isEmit(own)) return () => own;
  const prototype = Reflect.getPrototypeOf(server);
  if (prototype === null || !isEmitting(prototype)) throw new TypeError('a server without emit()');
  return () => prototype.emit;
}

function isEmitting(value: object): value is Emitting {
  return isEmit(Reflect.get(value, 'emit'));
}

function isEmit(value: unknown): value is Emit {
  return typeof value === 'function';
}

function handle(guard: Guard, pass: Pass, event: Exclude<ServerEvent, readonly ['request', ...unknown[]]>): boolean {
  switch (event[0]) {
    case 'connection':
    case 'secureConnection':
      return connected(guard.app, pass, event);
    case 'checkContinue':
      return guard.gate.request(event[1], event[2]) || carried(guard, event[1], event[2], () => byApp(guard.app.server, pass, event) || continued(pass, event[1], event[2]));
    case 'checkExpectation':
      return guard.gate.request(event[1], event[2]) || carried(guard, event[1], event[2], () => byApp(guard.app.server, pass, event) || failExpectation(event[2]));
    case 'upgrade':
    case 'connect':
      // Node's HTTP/2 has an event of this name for requests of its compatibility layer; they are decided with their stream.
      if (event[1].httpVersionMajor === 2) return pass(event);
      return guard.gate.upgrade(event[0], event[1], event[2], event[3]) || carried(guard, event[1], event[2], () => pass(event));
    case 'timeout':
      // The app that answers has a timeout, too, and is asked what to do. This one began first.
      return isAnsweredElsewhere(event[1]) || pass(event);
    case 'session':
      guard.app.connections.addSession(event[1]);
      guardSession(guard, event[1]);
      return pass(event);
    default:
      return pass(event);
  }
}

function isAnsweredElsewhere(socket: Socket | undefined): boolean {
  const response = socket === undefined ? null : responseOf(socket);
  return response !== null && isForwarded(response);
}

/** A stream is announced on its session, where an app may listen, and from there on its server. */
function guardSession(guard: Guard, session: ServerHttp2Session): void {
  const emit: unknown = Reflect.get(session, 'emit');
  if (!isEmit(emit)) return;
  setOwn(session, 'emit', (...event: SessionEvent): boolean => {
    const pass = (): boolean => emit.apply(session, [...event]);
    if (event[0] !== 'stream') return pass();
    return guard.gate.stream(event[1], event[2], event[3], event[4]) || carried(guard, event[1], undefined, pass);
  });
}

/** Hands over in the request's context, where it has one. */
function carried(guard: Guard, request: EventEmitter, other: EventEmitter | undefined, next: () => boolean): boolean {
  const context = guard.gate.takeContext();
  return context === null ? next() : enter(request, context, next, other);
}

/**
 * Node answers these by itself when nobody listens, and asks by counting listeners: so the count says that there is one.
 * Real ones of ours would show in what apps count and list. An upgrade is counted only after it was taken for another
 * version, in the same turn; the app's own answer is reproduced below.
 */
function askFirst(server: Server, guard: Guard): void {
  const listenerCount: unknown = Reflect.get(server, 'listenerCount');
  const decide: unknown = Reflect.get(server, 'shouldUpgradeCallback');
  if (typeof listenerCount !== 'function') return;
  let taken = false;
  setOwn(server, 'listenerCount', (...asked: readonly [string, unknown?]): number => {
    const count = Number(Reflect.apply(listenerCount, server, asked));
    if (count > 0 || asked.length > 1) return count;
    if (asked[0] !== 'upgrade') return Number(asked[0] === 'checkContinue' || asked[0] === 'checkExpectation');
    const counted = Number(taken);
    taken = false;
    return counted;
  });
  // Without this callback (Node 20) the count alone would turn every `Upgrade:` into an upgrade.
  if (typeof decide !== 'function') return;
  setOwn(server, 'shouldUpgradeCallback', (request: IncomingMessage): boolean => {
    if (Reflect.apply(decide, server, [request]) === true) return true;
    taken = guard.gate.wantsUpgrade(request);
    return taken;
  });
}

function appListeners(server: Server, name: string): number {
  return server.listeners(name).length;
}

function byApp(server: Server, pass: Pass, event: ServerEvent): boolean {
  return appListeners(server, event[0]) > 0 && pass(event);
}

function continued(pass: Pass, request: IncomingMessage, response: ServerResponse): boolean {
  response.writeContinue();
  return pass(['request', request, response]);
}

function failExpectation(response: ServerResponse): true {
  response.writeHead(417);
  response.end();
  return true;
}

/** A secure server announces a connection twice; the one that carries requests counts. */
function connected(app: AppServer, pass: Pass, event: readonly [string, Socket]): boolean {
  if ((event[0] === 'secureConnection') !== isSecure(app.protocol)) return pass(event);
  const { connections } = app;
  const sessions = connections.sessions;
  const result = pass(event);
  // With HTTP/2 a session has been announced meanwhile, and it is what is counted.
  if (connections.sessions === sessions) connections.add(event[1]);
  return result;
}
