// One keep-alive client connection that asks one request at a time. It judges no answer, but loses none: each ask ends once.

import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { AnswerReader } from './answer-reader.ts';
import type { Answer } from './answer-reader.ts';

export type Outcome =
  | { readonly kind: 'answered'; readonly sentAt: number; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly sentAt: number; readonly why: string };

interface Waiting {
  readonly sentAt: number;
  readonly settle: (outcome: Outcome) => void;
  readonly timer: NodeJS.Timeout;
}

export class Connection {
  readonly #port: number;
  readonly #limitMs: number;
  readonly #host: string;
  #socket: Socket | null = null;
  #reader = new AnswerReader();
  #waiting: Waiting | null = null;

  /** An ask that is not answered within `limitMs` has failed. */
  constructor(port: number, limitMs: number, host: string = '127.0.0.1') {
    this.#port = port;
    this.#host = host;
    this.#limitMs = limitMs;
  }

  ask(request: string): Promise<Outcome> {
    return new Promise((settle) => {
      const socket = this.#socket ?? this.#open();
      const timer = setTimeout(() => this.#lost(`no answer within ${this.#limitMs} ms`), this.#limitMs);
      this.#waiting = { sentAt: performance.now(), settle, timer };
      socket.write(request, 'latin1');
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  /** Closes in the middle of an ask, which then has failed. */
  abandon(): void {
    this.#lost('abandoned by the client');
  }

  #open(): Socket {
    const socket = connect({ port: this.#port, host: this.#host, noDelay: true });
    this.#socket = socket;
    this.#reader = new AnswerReader();
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      if (socket === this.#socket) this.#received(String(chunk));
    });
    socket.on('error', (error: NodeJS.ErrnoException) => this.#ended(socket, error.code ?? error.message));
    socket.on('close', () => this.#ended(socket, 'connection closed'));
    return socket;
  }

  #received(chunk: string): void {
    try {
      for (const answer of this.#reader.push(chunk, performance.now())) {
        if (this.#waiting === null) throw new Error(`an answer that nobody asked for: ${JSON.stringify(answer)}`);
        const { sentAt } = this.#waiting;
        if (/\r\nconnection: close\r\n/i.test(answer.head)) this.close();
        this.#settle({ kind: 'answered', sentAt, answer });
      }
    } catch (error) {
      this.#lost(String(error));
    }
  }

  #ended(socket: Socket, why: string): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    if (this.#waiting !== null) this.#lost(`${why}${this.#reader.partial ? ' in the middle of an answer' : ''}`);
  }

  #lost(why: string): void {
    this.close();
    if (this.#waiting !== null) this.#settle({ kind: 'failed', sentAt: this.#waiting.sentAt, why });
  }

  #settle(outcome: Outcome): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    this.#waiting = null;
    clearTimeout(waiting.timer);
    waiting.settle(outcome);
  }
}
