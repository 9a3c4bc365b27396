// Writes down for each routed request how it ended, in the process that its client spoke to. It decides nothing and sends nothing.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { ExposureBook, Subject } from '@graylane/wire';
import { watchAnswer, watchStream } from './answer-end.ts';
import type { AnswerEnd, EndListener } from './answer-end.ts';

/** What a request counts as, and the bucket of its user in each subject's release: none for a request in no arm, null without a user. */
export interface Exposed {
  readonly subjects: readonly Subject[];
  readonly users: readonly (number | null)[];
}

/** A look at the clock can cost as much as a decision, and only arms are judged by their durations: of the others, one in so many is timed. */
const TIMED_ONE_IN = 16;
const UNTIMED = -1;

export class ExposureWatch {
  readonly #book: ExposureBook;
  readonly #now: () => number;
  #untimed = TIMED_ONE_IN;

  /** `now`: milliseconds from any origin, never going back. */
  constructor(book: ExposureBook, now: () => number) {
    this.#book = book;
    this.#now = now;
  }

  answer(req: IncomingMessage, res: ServerResponse, exposed: Exposed): void {
    watchAnswer(req, res, new Running(this, req.method ?? '', exposed, this.#start(exposed)));
  }

  stream(stream: ServerHttp2Stream, method: string, exposed: Exposed): void {
    watchStream(stream, new Running(this, method, exposed, this.#start(exposed)));
  }

  ended({ subjects, users }: Exposed, method: string, status: number, end: AnswerEnd, started: number): void {
    const seconds = started === UNTIMED ? null : (this.#now() - started) / 1000;
    for (let i = 0; i < subjects.length; i++) this.#book.count(subjects[i] as Subject, method, status, end, seconds, users[i] ?? null);
  }

  #start({ users }: Exposed): number {
    if (users.length > 0) return this.#now();
    this.#untimed += 1;
    if (this.#untimed < TIMED_ONE_IN) return UNTIMED;
    this.#untimed = 0;
    return this.#now();
  }
}

/** A request that has begun. */
class Running implements EndListener {
  readonly #watch: ExposureWatch;
  readonly #method: string;
  readonly #exposed: Exposed;
  readonly #started: number;

  constructor(watch: ExposureWatch, method: string, exposed: Exposed, started: number) {
    this.#watch = watch;
    this.#method = method;
    this.#exposed = exposed;
    this.#started = started;
  }

  answerEnded(status: number, end: AnswerEnd): void {
    this.#watch.ended(this.#exposed, this.#method, status, end, this.#started);
  }
}
