// The request path of HTTP/2 streams: like that of requests, but a stream carries its hop itself, for streams of many
// clients share one private connection.

import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { HOP_HEADER, type Hop, type Marks } from '@graylane/wire';
import type { AppServer } from './app-server.ts';
import type { Context } from './context/enter.ts';
import type { GateOptions } from './gate.ts';
import { streamGroupName } from './group-names.ts';
import type { Link } from './link.ts';
import { linkOf } from './linked-socket.ts';
import { markStream } from './marked-stream.ts';
import { NO_WORKER } from './refusal.ts';
import { refuseStream } from './refused-stream.ts';
import { showClient } from './stream-view.ts';

export class StreamGate {
  readonly #app: AppServer;
  readonly #options: GateOptions;
  /** Streams that have waited for their generation; a second time they take what there is. */
  readonly #waited = new WeakSet<ServerHttp2Stream>();
  #context: Context | null = null;

  constructor(app: AppServer, options: GateOptions) {
    this.#app = app;
    this.#options = options;
  }

  /** Of the stream that the app is about to get. */
  takeContext(): Context | null {
    const context = this.#context;
    this.#context = null;
    return context;
  }

  /** True when the stream was taken; false when the app has to serve it. */
  take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, rawHeaders: string[]): boolean {
    if (!this.#waited.has(stream)) this.#app.connections.addStream(stream);
    const socket = stream.session?.socket;
    if (socket === undefined) return false;
    const shared = linkOf(socket);
    if (shared !== undefined) {
      this.#receive(stream, headers, rawHeaders, shared);
      return false;
    }
    return this.#options.routes && this.#route(stream, headers, flags, rawHeaders);
  }

  #receive(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: string[], shared: Link): void {
    const text = headers[HOP_HEADER];
    if (typeof text !== 'string') return;
    Reflect.deleteProperty(headers, HOP_HEADER);
    const at = rawHeaders.lastIndexOf(HOP_HEADER);
    if (at !== -1) rawHeaders.splice(at, 2);
    const link = shared.for(text);
    showClient(stream, link);
    this.#carry(stream, this.#options.strategy.forwarded(link.hop.stamp, rawHeaders));
    this.#mark(stream, headers, this.#marksOf(link.hop));
  }

  #marksOf(hop: Hop): Marks | null {
    return this.#options.announcer.forwarded(hop);
  }

  #route(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, rawHeaders: string[]): boolean {
    const { strategy, courses, announcer, forwarding, counting } = this.#options;
    const socket = stream.session?.socket;
    const route = strategy.decide({ method: headers[':method'], url: headers[':path'], rawHeaders: withHost(rawHeaders), socket }, strategy.hasStamps && !this.#waited.has(stream));
    if (route === null || socket === undefined) return false;
    if (route.missing !== 0) {
      this.#waited.add(stream);
      strategy.lanes.need().whenHere(route.missing, stream, () => stream.session?.emit('stream', stream, headers, flags, rawHeaders));
      return true;
    }
    if (route.left !== null) strategy.lanes.loaded?.leaveOnStream(headers, rawHeaders, route.left);
    this.#carry(stream, route.context);
    const course = courses.of(route, this.#app.index, socket);
    counting.stream(stream, headers[':method'] ?? '', route, course);
    if (course.kind === 'here') this.#mark(stream, headers, announcer.own(route, headers[':scheme'] === 'https'));
    else if (course.kind === 'nowhere') refuseStream(stream, NO_WORKER);
    else forwarding.forwardStream(streamGroupName(course.version, this.#app.index), stream, headers, rawHeaders, { [HOP_HEADER]: course.hop });
    if (course.kind === 'here') return false;
    this.#context = null;
    return true;
  }

  #carry(stream: ServerHttp2Stream, context: Context | null): void {
    if (context !== null) this.#options.strategy.lanes.loaded?.carries(context.generation, stream);
    this.#context = context;
  }

  #mark(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, marks: Marks | null): void {
    if (marks !== null) markStream(stream, headers[':method'] ?? 'GET', headers.authorization !== undefined, marks);
  }
}

/** Rules know the authority as `Host`. */
function withHost(rawHeaders: readonly string[]): readonly string[] {
  return rawHeaders.map((text, at) => (at % 2 === 0 && text === ':authority' ? 'host' : text));
}
