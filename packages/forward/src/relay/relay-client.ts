// The client's side of a relay: what an exchange needs of whoever asked, whatever protocol he speaks.

import type { Failure } from '../failure.ts';
import type { Written } from './carrier.ts';
import type { Fields } from './fields.ts';

export interface RelayRequest {
  readonly method: string;
  readonly target: string;
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  /** End-to-end fields, what this hop adds included; neither Host nor what frames the message. */
  readonly fields: Fields;
  /** Bytes that follow; `unknown` when only their end will tell. */
  readonly body: 'none' | 'unknown' | number;
  readonly takesTrailers: boolean;
  readonly expectsContinue: boolean;
  /** gRPC: quiet streams are alive, and only its own deadline ends it. */
  readonly isRpc: boolean;
}

export interface RelayClientListener {
  bodyData(chunk: Buffer): void;
  bodyEnd(trailers: Fields): void;
  /** The client broke off in the middle of its body. */
  bodyBroken(): void;
  /** It takes bytes again. */
  writable(): void;
  /** It is gone, also called after a good end; or it is told `what`, which is wrong with what it sent. */
  closed(what?: Failure): void;
}

export interface RelayClient {
  readonly request: RelayRequest;
  /** Called once, before anything else. */
  watch(listener: RelayClientListener): void;
  readBody(): void;
  pauseBody(): void;
  resumeBody(): void;
  interim(status: number, fields: Fields): void;
  /** `ended`: no body follows. Throws on fields that the protocol forbids. */
  respond(status: number, fields: Fields, ended: boolean): void;
  /** False when it should be waited for. The chunk is the client's until it calls `written`. */
  write(chunk: Buffer, written?: Written): boolean;
  end(trailers: Fields): void;
  /** An answer of our own; only before `respond`. `bodyRead`: its request is complete. */
  refuse(what: Failure, bodyRead: boolean): void;
  /** Breaks an answer off that has begun. `code`: why, in the words of RFC 9113 §7. */
  abort(code: number): void;
}

/** Error codes of RFC 9113 §7. */
export const RESET = { none: 0, internal: 2, refused: 7, cancel: 8 } as const;
