// The request path of an app's server: what happens to a request before the app sees it. It decides and hands on; moving
// an exchange is the forwarder's, and any fault here ends with the app serving the request.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { HOP_HEADER } from '@graylane/wire';
import type { Announcer } from './announce.ts';
import type { AppServer } from './app-server.ts';
import type { Context } from './context/enter.ts';
import type { Counting } from './counting.ts';
import { HERE, type Course, type Courses } from './course.ts';
import type { Faults } from './faults.ts';
import { groupName } from './group-names.ts';
import { linkOf } from './linked-socket.ts';
import { loadPart } from './part.ts';
import { isHttp2 } from './server-kind.ts';
import type { Route, Strategy } from './strategy.ts';
import type { StreamGate } from './stream-gate.ts';

/** What the gate needs of the forwarder. */
export interface Forwarding {
  forward(group: string, request: IncomingMessage, response: ServerResponse, lines: string): void;
  upgrade(group: string, request: IncomingMessage, socket: Socket, head: Buffer, lines: string): void;
  forwardStream(group: string, stream: ServerHttp2Stream, headers: IncomingHttpHeaders, lines: readonly string[], extra: Readonly<Record<string, string>>): void;
}

export interface GateOptions {
  /** Only a stable worker has clients of its own; what reaches a canary was routed before. */
  readonly routes: boolean;
  readonly strategy: Strategy;
  readonly courses: Courses;
  readonly announcer: Announcer;
  readonly counting: Pick<Counting, 'answer' | 'stream'>;
  readonly forwarding: Forwarding;
  readonly faults: Faults;
}

/** The generation that an upgrade is stamped with is not here yet. */
interface Late {
  readonly kind: 'late';
  readonly missing: number;
}

export class Gate {
  readonly #options: GateOptions;
  readonly #app: AppServer;
  /** Null for a server without HTTP/2. */
  readonly #streams: StreamGate | null;
  /** Upgrades are asked about twice; a drawn bucket must not differ between the two. */
  readonly #upgrades = new WeakMap<IncomingMessage, Course>();
  readonly #upgradeContexts = new WeakMap<IncomingMessage, Context>();
  /** Requests that have waited for their generation; a second time they take what there is. */
  readonly #waited = new WeakSet<IncomingMessage>();
  /** Of the request that the app is about to get; deciding and handing over is one synchronous step. */
  #context: Context | null = null;
  #draining = false;

  constructor(app: AppServer, options: GateOptions) {
    this.#app = app;
    this.#options = options;
    // What a canary answers is not for everybody, and its first answer says so, too: not the moment to find a file gone.
    if (!options.routes) loadPart('protocols');
    this.#streams = isHttp2(app.protocol) ? new (loadPart('protocols').StreamGate)(app, options) : null;
  }

  /** Each response is the last of its connection from now on. */
  drain(): void {
    this.#draining = true;
  }

  /** The context in which the app gets what {@link request}, {@link upgrade} or {@link stream} has just left to it. */
  takeContext(): Context | null {
    const context = this.#context;
    this.#context = null;
    return context ?? this.#streams?.takeContext() ?? null;
  }

  /** True when the request was taken; false when the app has to serve it. */
  request(request: IncomingMessage, response: ServerResponse): boolean {
    const { faults, strategy, routes } = this.#options;
    if (!routes || linkOf(request.socket) !== undefined) {
      faults.guard('forwarded request', () => this.#markForwarded(request, response), undefined);
      return false;
    }
    // Node's compatibility layer for HTTP/2: decided with its stream.
    if (request.httpVersionMajor === 2) return false;
    if (this.#draining) response.shouldKeepAlive = false;
    let route: Route | null;
    try {
      if (strategy.overrides && strategy.lanes.need().answerOverrideLink(request, response)) return true;
      route = strategy.decide(request, strategy.hasStamps && this.#canWait(request));
      if (route?.context != null) this.#carry(route.context, route.left, request, response);
    } catch (fault) {
      faults.note('decide', fault);
      return false;
    }
    if (route === null) return false;
    return route.missing === 0 ? this.#follow(route, request, response) : this.#wait(route.missing, request, response, ['request', request, response]);
  }

  /**
   * Whether an upgrade goes to another version, and so must be taken even if this app takes none. The answer is due now, so
   * such an app's upgrades wait for no generation.
   */
  wantsUpgrade(request: IncomingMessage): boolean {
    return this.#upgradeCourse(request).kind !== 'here';
  }

  /** `event`: how it was announced, as an upgrade or as a tunnel (CONNECT). */
  upgrade(event: 'upgrade' | 'connect', request: IncomingMessage, socket: Socket, head: Buffer): boolean {
    const course = this.#upgradeCourse(request, !this.#waited.has(request));
    if (course.kind === 'late') return this.#wait(course.missing, request, socket, [event, request, socket, head]);
    if (course.kind === 'here') {
      this.#app.connections.addTunnel(socket);
      this.#context = this.#upgradeContexts.get(request) ?? this.#forwardedContext(request);
      return false;
    }
    return this.#options.faults.guard('forward an upgrade', () => {
      if (course.kind === 'nowhere') loadPart('protocols').refuseUpgrade(socket);
      else this.#options.forwarding.upgrade(groupName(course.version, this.#app.index), request, socket, head, hopLine(course.hop));
      return true;
    }, false);
  }

  /** HTTP/2, both through Node's compatibility layer and raw. */
  stream(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, rawHeaders: string[]): boolean {
    return this.#options.faults.guard('stream', () => this.#streams?.take(stream, headers, flags, rawHeaders) === true, false);
  }

  /** An expectation has to be answered by the event that announced it. */
  #canWait(request: IncomingMessage): boolean {
    return request.headers.expect === undefined && !this.#waited.has(request);
  }

  /** It comes again, as if it came now. */
  #wait(generation: number, request: IncomingMessage, exchange: Writable, event: readonly [string, ...unknown[]]): true {
    this.#waited.add(request);
    this.#options.strategy.lanes.need().whenHere(generation, exchange, () => this.#app.server.emit(...event));
    return true;
  }

  #carry(context: Context, left: string | null, request: IncomingMessage, response: ServerResponse): void {
    const lanes = this.#options.strategy.lanes.need();
    if (left !== null) lanes.leaveOnRequest(request, left);
    lanes.carries(context.generation, response);
    this.#context = context;
  }

  #upgradeCourse(request: IncomingMessage, patient: boolean = false): Course | Late {
    const known = this.#upgrades.get(request);
    if (known !== undefined) return known;
    const course = this.#options.faults.guard('upgrade', () => this.#decideUpgrade(request, patient), HERE);
    if (course.kind !== 'late') this.#upgrades.set(request, course);
    return course;
  }

  #decideUpgrade(request: IncomingMessage, patient: boolean): Course | Late {
    const { routes, strategy, courses } = this.#options;
    if (!routes || linkOf(request.socket) !== undefined) return HERE;
    const route = strategy.decide(request, patient);
    if (route === null) return HERE;
    if (route.missing !== 0) return { kind: 'late', missing: route.missing };
    if (route.left !== null) strategy.lanes.need().leaveOnRequest(request, route.left);
    if (route.context !== null) this.#upgradeContexts.set(request, route.context);
    return route.plain ? HERE : courses.of(route, this.#app.index, request.socket);
  }

  #follow(route: Route, request: IncomingMessage, response: ServerResponse): boolean {
    const { courses, forwarding, faults, announcer, counting } = this.#options;
    try {
      if (route.plain) {
        counting.answer(request, response, route, HERE);
        return false;
      }
      const course = courses.of(route, this.#app.index, request.socket);
      counting.answer(request, response, route, course);
      if (course.kind === 'here') {
        const marks = announcer.own(route, Reflect.get(request.socket, 'encrypted') === true);
        if (marks !== null) loadPart('protocols').markResponse(request, response, marks);
        return false;
      }
      this.#context = null;
      if (course.kind === 'nowhere') loadPart('protocols').refuseRequest(response);
      else forwarding.forward(groupName(course.version, this.#app.index), request, response, hopLine(course.hop));
      return true;
    } catch (fault) {
      faults.note('route', fault);
      // Once something was sent, the app must not answer a second time.
      if (!response.headersSent) return false;
      response.destroy();
      return true;
    }
  }

  #markForwarded(request: IncomingMessage, response: ServerResponse): void {
    const link = linkOf(request.socket);
    // Over HTTP/2 the stream has been marked.
    if (link === undefined || request.httpVersionMajor === 2) return;
    this.#context = this.#forwardedContext(request);
    if (this.#context !== null) this.#options.strategy.lanes.loaded?.carries(this.#context.generation, response);
    // Without a hop it comes from a gateway, or is a probe of the supervisor.
    if (!link.forwarded) return;
    const marks = this.#options.announcer.forwarded(link.hop);
    if (marks !== null) loadPart('protocols').markResponse(request, response, marks);
  }

  #forwardedContext(request: IncomingMessage): Context | null {
    const link = linkOf(request.socket);
    if (link === undefined) return null;
    return link.forwarded ? this.#options.strategy.forwarded(link.hop.stamp, request.rawHeaders) : this.#options.strategy.handed(request.rawHeaders);
  }
}

function hopLine(hop: string): string {
  return `${HOP_HEADER}: ${hop}\r\n`;
}
