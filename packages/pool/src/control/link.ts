// One agent's end of the control socket: frames in, frames out. Knows the wire's framing, not what the messages mean.

import type { Socket } from 'node:net';

import { frame, FrameReader } from '@graylane/wire';
import type { AgentMessage, SupervisorMessage } from '@graylane/wire';

/** An agent that reads nothing while this much waits for it has stopped; it is cut off and reconnects when it wakes. */
const UNREAD_LIMIT_BYTES = 128 * 1024 * 1024;

/** A message ready to be sent to many. */
export type Encoded = Uint8Array & { readonly encoded: unique symbol };

export function encode(message: SupervisorMessage): Encoded {
  return frame(Buffer.from(JSON.stringify(message))) as Encoded;
}

export interface LinkEvents {
  message(message: AgentMessage): void;
  closed(): void;
}

export class Link {
  readonly #socket: Socket;
  readonly #reader = new FrameReader();
  readonly #events: LinkEvents;
  #open = true;

  constructor(socket: Socket, events: LinkEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.on('data', (chunk) => this.#read(chunk));
    // 'close' follows every error; the reason of a lost local socket tells nothing more.
    socket.on('error', () => undefined);
    socket.on('close', () => this.#ended());
  }

  get open(): boolean {
    return this.#open;
  }

  send(message: SupervisorMessage): void {
    this.sendEncoded(encode(message));
  }

  sendEncoded(bytes: Encoded): void {
    if (!this.#open) return;
    this.#socket.write(bytes);
    if (this.#socket.writableLength > UNREAD_LIMIT_BYTES) this.close();
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: Uint8Array): void {
    try {
      for (const body of this.#reader.push(chunk)) {
        const message = parse(body);
        if (message !== null && this.#open) this.#events.message(message);
      }
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
      this.close();
    }
  }

  #ended(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#events.closed();
  }
}

/** Kinds that are not known here are ignored by the receiver's switch, so that a newer agent may say more. */
function parse(body: Uint8Array): AgentMessage | null {
  const value: unknown = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'));
  if (typeof value !== 'object' || value === null || !('kind' in value) || typeof value.kind !== 'string') return null;
  return value as AgentMessage;
}
