// What an exchange needs of whoever writes its answer to the client.

import type { ServerResponse } from 'node:http';
import type { ReplyHead } from './hop.ts';

/** An answer under way. */
export interface Reply {
  /** The head in its final bytes, until it is written. */
  pending: string;
  /** Whether payload still has to be put into chunks. */
  readonly chunked: boolean;
}

/** Bytes of the answer's body in a buffer that is reused after the call. */
export interface Piece {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly last: boolean;
  /** Trailer lines, with the last piece. */
  readonly trailers: string;
}

export interface ReplyWriter {
  /** An informational answer in its final bytes. */
  interim(res: ServerResponse, text: string): void;
  begin(res: ServerResponse, status: number, head: ReplyHead): Reply;
  /** False when the client should be waited for. */
  write(res: ServerResponse, reply: Reply, piece: Piece): boolean;
}
