// HTTP/2 for tests: a client that collects whole answers, apps that answer over streams, and a client that speaks in frames.

import { once } from 'node:events';
import * as http2 from 'node:http2';
import * as net from 'node:net';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Upstream } from '@graylane/forward';
import { FRAME, frameBytes } from './frames.ts';
import type { Frame } from './frames.ts';

export interface StreamReply {
  readonly status: number;
  readonly headers: http2.IncomingHttpHeaders;
  readonly body: string;
  readonly trailers: http2.IncomingHttpHeaders;
  /** RFC 9113 §7. */
  readonly rstCode: number;
}

export function connectHttp2(t: TestContext, url: string, options: http2.SecureClientSessionOptions = {}): http2.ClientHttp2Session {
  const session = http2.connect(url, options);
  session.on('error', () => undefined);
  t.after(() => session.destroy());
  return session;
}

/** The answer to a stream, however it ends. */
export async function answerOf(stream: http2.ClientHttp2Stream): Promise<StreamReply> {
  let headers: http2.IncomingHttpHeaders = {};
  let trailers: http2.IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream.on('error', () => undefined);
  stream.on('response', (found) => headers = found);
  stream.on('trailers', (found: http2.IncomingHttpHeaders) => trailers = found);
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (!stream.closed) await once(stream, 'close').catch(() => undefined);
  return { status: Number(headers[':status'] ?? 0), headers, trailers, body: Buffer.concat(chunks).toString(), rstCode: stream.rstCode };
}

export async function ask2(session: http2.ClientHttp2Session, headers: http2.OutgoingHttpHeaders, body?: string | Buffer): Promise<StreamReply> {
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  return await answerOf(stream);
}

/** An HTTP/2 app without TLS. */
export async function startHttp2App(t: TestContext, onStream: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void): Promise<Upstream> {
  const server = http2.createServer();
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    onStream(stream, headers);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { key: `h2c:${port}`, address: { host: '127.0.0.1', port }, http2: true };
}

/** `:method: GET`, `:scheme: http`, `:path: /` from the static table, `:authority: a` as it is (RFC 7541). */
export const GET_HEADERS: Buffer = Buffer.from([0x82, 0x86, 0x84, 0x41, 0x01, 0x61]);

/** A client that speaks in frames: what it says and what it hears is the test's. */
export class RawClient {
  readonly socket: net.Socket;
  readonly frames: Frame[] = [];
  /** The other side has said its last word. */
  hasEnded: boolean = false;
  #read: Buffer = Buffer.alloc(0);
  #wake: () => void = () => undefined;

  /** `leavesOpen`: it does not close its side when the other one has. */
  constructor(t: TestContext, port: number, leavesOpen: boolean = false) {
    this.socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: leavesOpen });
    t.after(() => this.socket.destroy());
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => this.#wake());
    this.socket.on('end', () => {
      this.hasEnded = true;
      this.#wake();
    });
    this.socket.on('data', (chunk) => {
      this.#read = Buffer.concat([this.#read, chunk]);
      while (this.#read.length >= 9 && this.#read.length >= 9 + this.#read.readUIntBE(0, 3)) {
        const size = this.#read.readUIntBE(0, 3);
        this.frames.push({ type: this.#read[3] as number, flags: this.#read[4] as number, stream: this.#read.readUInt32BE(5) & 0x7fffffff, payload: Buffer.from(this.#read.subarray(9, 9 + size)) });
        this.#read = this.#read.subarray(9 + size);
      }
      this.#wake();
    });
    this.socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    this.send({ type: FRAME.settings, flags: 0, stream: 0, payload: Buffer.alloc(0) });
  }

  get isClosed(): boolean {
    return this.socket.destroyed;
  }

  send(...frames: readonly Frame[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(frames.map(frameBytes)));
  }

  /** Resolves when `holds`, or when the connection is over. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds() && !this.isClosed) await new Promise<void>((resolve) => this.#wake = resolve);
  }

  /** The error code of the GOAWAY that ended the connection; null without one. */
  get goaway(): number | null {
    const frame = this.frames.findLast(({ type, payload }) => type === FRAME.goaway && payload.readUInt32BE(4) !== 0);
    return frame === undefined ? null : frame.payload.readUInt32BE(4);
  }
}
