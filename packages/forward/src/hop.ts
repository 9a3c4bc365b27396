// What differs between the two kinds of hop: between workers of one machine (transparent) and through the gateway (proxy).

import type { IncomingMessage } from 'node:http';
import type { ReadMode } from './response-reader.ts';
import type { RequestHead } from './request-head.ts';
import type { BodyFraming, ResponseHead } from './response-head.ts';

export interface ReplyHead {
  /** The head in its final bytes. */
  readonly text: string;
  /** Whether the client's connection goes on. */
  readonly keep: boolean;
  /** Whether it may be left to the client to end it; it knows by itself where the answer ends. */
  readonly mayStay: boolean;
  /** Whether the body's bytes still have to be put into chunks. */
  readonly chunked: boolean;
}

/** What an answer shows to who wants to say more on it. */
export interface AnswerView {
  readonly status: number;
  /** All lines of a field joined with `, `, or null; the name in lower case. */
  field(lower: string): string | null;
}

/** What is said on an answer beside the upstream's own words. */
export interface ReplyEdit {
  /** Whole header lines. */
  readonly add: string;
  /** Fields of the upstream to leave out, in lower case. */
  readonly drop: ReadonlySet<string>;
}

/** Asked once per final answer. A transparent hop asks nobody: the far end says everything by itself. */
export type EditReply = (answer: AnswerView) => ReplyEdit | null;

export interface Hop {
  readonly readMode: ReadMode;
  /** Whether a body is carried to its end after an early answer, as a direct connection would. */
  readonly finishesUploads: boolean;
  /** `upgrade`: the client asks for another protocol and may get it. Throws Refusal. */
  requestHead(req: IncomingMessage, lines: string, upgrade: boolean): RequestHead;
  /** '' to keep it from the client. Throws Refusal when it says that there will be no answer. */
  interimText(head: ResponseHead, req: IncomingMessage): string;
  /** `mayKeep`: nothing on this side is against going on with the client's connection. */
  replyHead(head: ResponseHead, framing: BodyFraming, req: IncomingMessage, mayKeep: boolean, edit: EditReply | null): ReplyHead;
  /** The head of a 101 in its final bytes. Throws Refusal on one that the client did not ask for. */
  switchText(head: ResponseHead, req: IncomingMessage): string;
}
