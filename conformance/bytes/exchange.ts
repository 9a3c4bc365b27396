// Plays one scripted exchange on a raw socket and records every byte that comes back. It knows neither app nor graylane.

import { connect } from 'node:net';
import { ResponseCounter } from './response-counter.ts';

/** What to wait for after sending: so many complete responses in all, a piece of text, so many bytes in all, or the other side's end. */
export type Until =
  | { readonly responses: number; readonly heads?: readonly number[] }
  | { readonly text: string }
  | { readonly bytes: number }
  | 'end';

export interface Step {
  /** Latin1 text; as a function of all that was received so far where a request needs it (an ETag). */
  readonly send: string | ((received: string) => string);
  readonly until: Until;
  /** Shut down the sending half after this. */
  readonly halfClose?: boolean;
}

export interface Exchange {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Where the framing of chunks depends on how TCP cut the body, only the joined chunks are compared. */
  readonly joinChunks?: boolean;
}

/** Long against any healthy exchange; a hang then names its step. */
const STEP_LIMIT_MS = 10_000;

/** All bytes that the server sent, as latin1. Throws with the step and what was received when it stalls. */
export async function play(exchange: Exchange, port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const wire = new Received();
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => wire.add(String(chunk)));
  socket.on('end', () => wire.end());
  socket.on('error', (error: NodeJS.ErrnoException) => wire.fail(error.code ?? error.message));
  try {
    for (const [index, step] of exchange.steps.entries()) {
      socket.write(typeof step.send === 'string' ? step.send : step.send(wire.text), 'latin1');
      if (step.halfClose) socket.end();
      await wire.until(step.until, `${exchange.name}, step ${index + 1}`);
    }
    return wire.text;
  } finally {
    socket.destroy();
  }
}

/** What came back so far, and one waiter for more. */
class Received {
  text = '';
  #ended = false;
  #wake: (() => void) | null = null;

  add(text: string): void {
    this.text += text;
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** A reset is part of the recording: a client would see it. */
  fail(code: string): void {
    this.text += `<${code}>`;
    this.end();
  }

  until(until: Until, place: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#wake = null;
        reject(new Error(`${place}: waited ${STEP_LIMIT_MS} ms for ${JSON.stringify(until)}, got ${JSON.stringify(this.text)}`));
      }, STEP_LIMIT_MS);
      this.#wake = () => {
        if (!this.#ended && !reached(until, this.text)) return;
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
      this.#wake();
    });
  }
}

function reached(until: Until, text: string): boolean {
  if (until === 'end') return false;
  if ('text' in until) return text.includes(until.text);
  if ('bytes' in until) return text.length >= until.bytes;
  return new ResponseCounter(until.heads ?? []).count(text) >= until.responses;
}
