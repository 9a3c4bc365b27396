// What differs between the two kinds of hop: between workers of one machine (transparent) and through the gateway (proxy).

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ReadMode } from './response-reader.ts';
import type { RequestHead } from './request-head.ts';
import type { BodyFraming, ResponseHead } from './response-head.ts';

export interface ReplyHead {
  /** The head in its final bytes. */
  readonly text: string;
  /** Whether the client's connection goes on. */
  readonly keep: boolean;
  /** Whether the body's bytes still have to be put into chunks. */
  readonly chunked: boolean;
}

export interface Hop {
  readonly readMode: ReadMode;
  /** Whether a body is carried to its end after an early answer, as a direct connection would. */
  readonly finishesUploads: boolean;
  /** Throws Refusal. */
  requestHead(req: IncomingMessage, lines: string): RequestHead;
  /** '' to keep it from the client. */
  interimText(head: ResponseHead, req: IncomingMessage): string;
  replyHead(head: ResponseHead, framing: BodyFraming, req: IncomingMessage, res: ServerResponse, uploaded: boolean): ReplyHead;
}
