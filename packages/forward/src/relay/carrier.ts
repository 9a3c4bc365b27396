// The upstream's side of a relay: one exchange on its way, whatever protocol carries it.

import type { Failure } from '../failure.ts';
import type { Fields } from './fields.ts';

/** Called once the bytes are with the system, or with the reason why they never will be. */
export type Written = (error?: Error | null) => void;

/** After `failed` or `end` it hears nothing more. */
export interface CarrierUser {
  /** What is written from now on reaches the upstream's machine. */
  connected(): void;
  /** It takes bytes again. */
  drained(): void;
  interim(status: number, fields: Fields): void;
  /** `ended`: no body follows; `end` is called nevertheless. */
  head(status: number, fields: Fields, ended: boolean): void;
  /** `written` wants to know when nobody reads the chunk any more. */
  data(chunk: Buffer, written?: Written): void;
  end(trailers: Fields): void;
  /** `code`: the reset that it came as (RFC 9113 §7), 0 for anything else. */
  failed(what: Failure, code: number): void;
}

export interface Carrier {
  /** How long its connection had rested before this exchange; 0 for a fresh one. */
  readonly restedMs: number;
  /** False when it should be waited for. */
  write(chunk: Buffer): boolean;
  endBody(trailers: Fields): void;
  /** Who has to move next while the body is on its way. */
  awaitBody(from: 'client' | 'upstream'): void;
  pause(): void;
  resume(): void;
  /** Ends it at once; the user hears nothing more. */
  cancel(): void;
}
