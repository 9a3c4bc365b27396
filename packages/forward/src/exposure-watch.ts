// Writes down for each routed request how it ended, in the process that its client spoke to. It decides nothing and sends nothing.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { ExposureBook, Subject } from '@graylane/wire';
import { watchAnswer, watchStream } from './answer-end.ts';
import type { AnswerEnd, EndListener } from './answer-end.ts';

/** What a request counts as, and the bucket of its user in each subject's release (null without one). */
export interface Exposed {
  readonly subjects: readonly Subject[];
  readonly users: readonly (number | null)[];
}

export class ExposureWatch {
  readonly #book: ExposureBook;
  readonly #now: () => number;

  /** `now`: milliseconds from any origin, never going back. */
  constructor(book: ExposureBook, now: () => number) {
    this.#book = book;
    this.#now = now;
  }

  answer(req: IncomingMessage, res: ServerResponse, exposed: Exposed): void {
    watchAnswer(req, res, new Running(this.#book, this.#now, req.method ?? '', exposed));
  }

  stream(stream: ServerHttp2Stream, method: string, exposed: Exposed): void {
    watchStream(stream, new Running(this.#book, this.#now, method, exposed));
  }
}

/** A request that has begun. */
class Running implements EndListener {
  readonly #book: ExposureBook;
  readonly #now: () => number;
  readonly #method: string;
  readonly #exposed: Exposed;
  readonly #started: number;

  constructor(book: ExposureBook, now: () => number, method: string, exposed: Exposed) {
    this.#book = book;
    this.#now = now;
    this.#method = method;
    this.#exposed = exposed;
    this.#started = now();
  }

  answerEnded({ status, end }: AnswerEnd): void {
    const ending = { method: this.#method, status, end, seconds: (this.#now() - this.#started) / 1000 };
    const { subjects, users } = this.#exposed;
    for (let i = 0; i < subjects.length; i++) this.#book.count(subjects[i] as Subject, ending, users[i] ?? null);
  }
}
