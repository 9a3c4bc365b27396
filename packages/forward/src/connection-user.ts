// Between a connection to an upstream and its neighbours: who uses it for an exchange, and who keeps it between two.

import type { Socket } from 'node:net';
import type { Connection } from './connection.ts';
import type { Failure } from './failure.ts';
import type { Limits } from './limits.ts';
import type { AnswerSink, ReadMode } from './response-reader.ts';

/** Who uses the connection for one exchange. After `failed` or the last body it hears nothing more. */
export interface ConnectionUser extends AnswerSink {
  /** The connection is there: what was written from now on reached the upstream's machine. */
  connected(): void;
  /** The upstream takes bytes again. */
  drained(): void;
  /** 101: the socket is the user's; `early` are the bytes that came with the head. */
  switched(socket: TunnelEnd, early: Buffer): void;
  failed(failure: Failure): void;
}

/** The upstream's side of an upgraded connection. */
export interface TunnelEnd {
  readonly socket: Socket;
  /** From now on bytes go there. */
  onBytes(listener: (bytes: Buffer) => void): void;
}

export interface ConnectionOwner {
  readonly limits: Limits;
  readonly readMode: ReadMode;
  now(): number;
  /** The exchange is over and the connection may serve another one. */
  idle(connection: Connection): void;
  closed(connection: Connection): void;
}
