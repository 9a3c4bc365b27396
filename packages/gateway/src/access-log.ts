// One JSON line a request, written in batches off the request's way. It decides nothing, and when the disk cannot keep up it
// drops lines and says how many.

import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Clock } from '@graylane/forward';
import { hostOf } from './ask.ts';
import type { Ask } from './ask.ts';
import { plainAddress } from './forwarded.ts';

export interface Access {
  readonly time: string;
  readonly client: string;
  readonly method: string;
  readonly host: string;
  /** Without the query, which may hold what no log should. */
  readonly path: string;
  readonly protocol: string;
  /** 0 when no answer was begun. */
  readonly status: number;
  readonly durationMs: number;
  readonly service: string;
  /** Null when the request was refused before it was routed. */
  readonly version: string | null;
  readonly lane: string | null;
  readonly end: 'complete' | 'aborted';
}

/** What is known before the answer. */
export interface Begun {
  readonly ask: Ask;
  readonly service: string;
  readonly version: string | null;
  readonly lane: string | null;
}

/** Takes whole lines. */
export interface LineSink {
  write(text: string): Promise<void>;
  close(): Promise<void>;
}

/** Lines that wait for the disk: some megabytes. */
const PENDING_LINES = 10_000;
const FLUSH_MS = 200;

export class AccessLog {
  readonly #sink: LineSink;
  readonly #clock: Clock;
  readonly #wallClock: () => number;
  readonly #stop: () => void;
  #pending: Access[] = [];
  #dropped = 0;
  #writing: Promise<void> | null = null;

  constructor(sink: LineSink, clock: Clock, wallClock: () => number) {
    this.#sink = sink;
    this.#clock = clock;
    this.#wallClock = wallClock;
    this.#stop = clock.every(FLUSH_MS, () => void this.flush());
  }

  answer(begun: Begun, res: ServerResponse): void {
    const since = this.#clock.now();
    res.once('close', () => this.#add(begun, since, res.headersSent ? res.statusCode : 0, res.writableFinished));
  }

  stream(begun: Begun, stream: ServerHttp2Stream): void {
    const since = this.#clock.now();
    stream.on('close', () => this.#add(begun, since, stream.headersSent ? Number(stream.sentHeaders[':status']) : 0, stream.rstCode === 0));
  }

  /** An answer that was given at once. */
  refused(begun: Begun, status: number): void {
    this.#add(begun, this.#clock.now(), status, true);
  }

  /** Resolves when what was there is written, or given up. */
  async flush(): Promise<void> {
    if (this.#writing !== null || (this.#pending.length === 0 && this.#dropped === 0)) return await (this.#writing ?? undefined);
    const lines = this.#pending;
    const dropped = this.#dropped;
    this.#pending = [];
    this.#dropped = 0;
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('') + (dropped === 0 ? '' : `${JSON.stringify({ time: this.#now(), dropped })}\n`);
    this.#writing = this.#sink.write(text).catch(() => {
      // A full disk must not stop traffic: the lines are lost, and counted.
      this.#dropped += lines.length + dropped;
    });
    await this.#writing;
    this.#writing = null;
  }

  async close(): Promise<void> {
    this.#stop();
    await this.flush();
    await this.flush();
    await this.#sink.close();
  }

  #add({ ask, service, version, lane }: Begun, since: number, status: number, complete: boolean): void {
    if (this.#pending.length >= PENDING_LINES) {
      this.#dropped++;
      return;
    }
    const { method, target, protocol, address } = ask;
    const query = target.indexOf('?');
    this.#pending.push({
      time: this.#now(),
      client: plainAddress(address ?? ''),
      method, host: hostOf(ask),
      path: query === -1 ? target : target.slice(0, query),
      protocol, status,
      durationMs: Math.round((this.#clock.now() - since) * 10) / 10,
      service, version, lane,
      end: complete ? 'complete' : 'aborted',
    });
  }

  #now(): string {
    return new Date(this.#wallClock()).toISOString();
  }
}

/** Appends to a file that is opened when it is needed; null is stdout. */
export function lineSink(path: string | null): LineSink {
  if (path === null) return { write: (text) => new Promise((resolve) => void process.stdout.write(text, () => resolve())), close: () => Promise.resolve() };
  let file: FileHandle | null = null;
  return {
    write: async (text) => {
      file ??= await open(path, 'a', 0o640);
      await file.appendFile(text);
    },
    close: async () => {
      await file?.close();
    },
  };
}
