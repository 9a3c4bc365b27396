// One end of a fleet connection: frames in, frames out, and whoever says nothing for too long is taken for gone.
// It must not know what the messages mean.

import type { Duplex } from 'node:stream';
import { FrameReader, frame } from '@graylane/wire';
import type { Cancel, Clock } from '../clock.ts';
import { SILENCE_LIMIT_MS } from './messages.ts';
import type { NodeMessage, ServerMessage } from './messages.ts';

/** A message ready to be sent to many. */
export type Encoded = Uint8Array & { readonly encoded: unique symbol };

export function encode(message: NodeMessage | ServerMessage): Encoded {
  return encodeText(JSON.stringify(message));
}

/** Of a message whose JSON is there already. */
export function encodeText(json: string): Encoded {
  return frame(Buffer.from(json)) as Encoded;
}

export interface EndEvents<M> {
  message(message: M): void;
  closed(): void;
}

/** Some whole strategies wait for a slow reader; beyond that it is cut off, and gets the newest when it comes back. */
const UNREAD_LIMIT_BYTES: number = 128 * 1024 * 1024;

const SILENT_LOOKS = 3;
/** An acknowledgement or a pong; what is longer is hardly said twice in the same words. */
const REPEATED_LIMIT_BYTES = 64;

/** What one of many ends has heard last, as it came and as it was understood: a thousand machines acknowledge in the same words. */
export class Echo<M> {
  #bytes: Uint8Array = new Uint8Array();
  #message: M | null = null;

  /** The message that these bytes were a moment ago, or null. */
  find(chunk: Uint8Array): M | null {
    return chunk.length <= REPEATED_LIMIT_BYTES && Buffer.compare(chunk, this.#bytes) === 0 ? this.#message : null;
  }

  /** `chunk` was this one message and nothing else. */
  keep(chunk: Uint8Array, message: M): void {
    if (chunk.length > REPEATED_LIMIT_BYTES) return;
    this.#bytes = chunk;
    this.#message = message;
  }
}

export class WireEnd<M> {
  readonly #socket: Duplex;
  readonly #clock: Clock;
  readonly #events: EndEvents<M>;
  readonly #echo: Echo<M>;
  readonly #reader = new FrameReader();
  #cancelSilence: Cancel = () => undefined;
  /** Looks in a row that found it silent; a thousand machines speak at once, and nobody looks at the clock for each. */
  #silentLooks = 0;
  #open = true;

  /** `echo`: shared by ends whose messages are never changed by whoever hears them. */
  constructor(socket: Duplex, clock: Clock, events: EndEvents<M>, echo: Echo<M> = new Echo()) {
    this.#echo = echo;
    this.#socket = socket;
    this.#clock = clock;
    this.#events = events;
    socket.on('data', (chunk: Uint8Array) => this.#read(chunk));
    // 'close' follows every error, and the other side's reason is not ours to judge.
    socket.on('error', () => undefined);
    socket.on('end', () => socket.destroy());
    socket.on('close', () => this.#ended());
    this.#watchSilence();
  }

  get open(): boolean {
    return this.#open;
  }

  send(message: NodeMessage | ServerMessage): void {
    this.sendEncoded(encode(message));
  }

  sendEncoded(bytes: Encoded): void {
    if (!this.#open) return;
    this.#socket.write(bytes);
    if (this.#socket.writableLength > UNREAD_LIMIT_BYTES) this.#socket.destroy();
  }

  /** What was sent before goes out first. */
  end(message: NodeMessage | ServerMessage): void {
    if (this.#open) this.#socket.end(encode(message));
  }

  close(): void {
    this.#socket.destroy();
    this.#ended();
  }

  /** Chunks that the HTTP parser had read beyond the head. */
  read(chunk: Uint8Array): void {
    if (chunk.length > 0) this.#read(chunk);
  }

  #read(chunk: Uint8Array): void {
    this.#silentLooks = 0;
    const known = this.#reader.isBetween() ? this.#echo.find(chunk) : null;
    if (known !== null) {
      if (this.#open) this.#events.message(known);
      return;
    }
    try {
      const wasBetween = this.#reader.isBetween();
      const bodies = this.#reader.push(chunk);
      for (const body of bodies) {
        const message = parsed(body) as M | null;
        if (message !== null && wasBetween && bodies.length === 1 && this.#reader.isBetween()) this.#echo.keep(chunk, message);
        if (message !== null && this.#open) this.#events.message(message);
      }
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
      this.close();
    }
  }

  #watchSilence(): void {
    this.#cancelSilence = this.#clock.after(SILENCE_LIMIT_MS / SILENT_LOOKS, () => {
      if (!this.#open) return;
      this.#silentLooks += 1;
      if (this.#silentLooks > SILENT_LOOKS) this.close();
      else this.#watchSilence();
    });
  }

  #ended(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#cancelSilence();
    this.#events.closed();
  }
}

function parsed(body: Uint8Array): { readonly kind: string } | null {
  const value: unknown = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'));
  return hasKind(value) ? value : null;
}

function hasKind(value: unknown): value is { readonly kind: string } {
  return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';
}
