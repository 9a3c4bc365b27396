// An upstream made of a bare socket: records what exactly arrived, and answers whatever a test wants, right or wrong.

import * as net from 'node:net';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '@graylane/forward';

export interface SeenRequest {
  /** 1 for the first connection. */
  readonly connection: number;
  readonly head: string;
  /** The body without its framing. */
  readonly body: string;
  /** Everything, as it came over the wire. */
  readonly raw: string;
}

export type Answer = (socket: net.Socket, request: SeenRequest, count: number) => void;

export class RawUpstream {
  readonly seen: SeenRequest[] = [];
  /** Sockets that are open now. */
  readonly sockets = new Set<net.Socket>();
  readonly #byConnection = new Map<number, net.Socket>();
  connections = 0;
  readonly #folder: string;
  readonly #server: net.Server;
  #waiters: (() => void)[] = [];
  /** What it does with a complete request; replaced by tests at will. */
  answer: Answer;
  /** What it does with a head whose body has not come yet. */
  onHead: ((socket: net.Socket, head: string) => void) | null = null;

  private constructor(answer: Answer) {
    this.answer = answer;
    this.#folder = mkdtempSync(join(tmpdir(), 'gl-'));
    this.#server = net.createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  static async start(answer: Answer, over: 'unix' | 'tcp' = 'unix'): Promise<RawUpstream> {
    const upstream = new RawUpstream(answer);
    if (over === 'unix') upstream.#server.listen(join(upstream.#folder, 'u.sock'));
    else upstream.#server.listen(0, '127.0.0.1');
    await once(upstream.#server, 'listening');
    return upstream;
  }

  get address(): Address {
    const address = this.#server.address();
    if (address === null) throw new Error('the upstream does not listen');
    return typeof address === 'string' ? { path: address } : { host: address.address, port: address.port };
  }

  /** Resolves once `count` requests have come. */
  async requests(count: number): Promise<void> {
    await this.until(() => this.seen.length >= count);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  /** Answers late, on the connection of that number. */
  answerOn(connection: number, text: string): void {
    this.#byConnection.get(connection)?.write(text, 'latin1');
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #accept(socket: net.Socket): void {
    const connection = ++this.connections;
    this.sockets.add(socket);
    this.#byConnection.set(connection, socket);
    let pending = '';
    let headSeen = false;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.#byConnection.delete(connection);
      this.#wake();
    });
    socket.on('end', () => socket.end());
    socket.on('data', (chunk) => {
      pending += chunk.toString('latin1');
      for (;;) {
        const headEnd = pending.indexOf('\r\n\r\n');
        if (headEnd !== -1 && !headSeen) {
          headSeen = true;
          this.onHead?.(socket, pending.slice(0, headEnd + 4));
        }
        const request = takeRequest(pending);
        if (request === null) break;
        pending = pending.slice(request.raw.length);
        headSeen = false;
        const seen = { connection, ...request };
        this.seen.push(seen);
        this.answer(socket, seen, this.seen.length);
      }
      this.#wake();
    });
    this.#wake();
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}

/** Reads one request by the simplest rules, independently of the product. Null while it is incomplete. */
export function takeRequest(text: string): { readonly head: string; readonly body: string; readonly raw: string } | null {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return null;
  const head = text.slice(0, headEnd + 4);
  const bodyStart = headEnd + 4;
  const length = /^content-length:\s*(\d+)/im.exec(head);
  if (/^transfer-encoding:\s*chunked/im.test(head)) return takeChunked(text, head, bodyStart);
  const bodyEnd = bodyStart + Number(length?.[1] ?? 0);
  if (text.length < bodyEnd) return null;
  return { head, body: text.slice(bodyStart, bodyEnd), raw: text.slice(0, bodyEnd) };
}

function takeChunked(text: string, head: string, start: number): { readonly head: string; readonly body: string; readonly raw: string } | null {
  let at = start;
  let body = '';
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return null;
    const size = parseInt(text.slice(at, lineEnd), 16);
    if (size === 0) {
      const end = text.slice(lineEnd, lineEnd + 4) === '\r\n\r\n' ? lineEnd + 4 : text.indexOf('\r\n\r\n', lineEnd) + 4;
      return end < lineEnd + 4 ? null : { head, body, raw: text.slice(0, end) };
    }
    if (text.length < lineEnd + 2 + size + 2) return null;
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
  }
}

/** An ordinary answer. */
export function ok(body: string): Answer {
  return (socket) => socket.write(`HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
}

/** These very bytes, whatever they mean. */
export function bytes(text: string): Answer {
  return (socket) => socket.write(text, 'latin1');
}
