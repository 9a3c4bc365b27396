// Counts how the requests ended that came in at this process, for verdicts and metrics. It decides nothing and sends nothing.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { ExposureWatch, type Exposed } from '@graylane/forward';
import { ExposureBook, type Exposures as Counted } from '@graylane/wire';
import type { Course } from './course.ts';
import type { Route } from './strategy.ts';

const NO_USERS: readonly null[] = [];

export class Exposures {
  readonly #book = new ExposureBook();
  readonly #watch: ExposureWatch;
  /** Requests come in runs of one kind. */
  #last: { readonly route: Route; readonly version: string; readonly exposed: Exposed; readonly inArm: boolean } | null = null;
  readonly #own: string;

  /** `own`: the version of this process; `now`: milliseconds from any origin, never going back. */
  constructor(own: string, now: () => number) {
    this.#own = own;
    this.#watch = new ExposureWatch(this.#book, now);
  }

  /** `drawn`: the releases whose arms are counted. */
  answer(request: IncomingMessage, response: ServerResponse, route: Route, course: Course, drawn: ReadonlySet<string>): void {
    this.#watch.answer(request, response, this.#exposed(route, course, drawn));
  }

  stream(stream: ServerHttp2Stream, method: string, route: Route, course: Course, drawn: ReadonlySet<string>): void {
    this.#watch.stream(stream, method, this.#exposed(route, course, drawn));
  }

  /** All that ended since the last time. */
  take(): Counted {
    return this.#book.take();
  }

  #exposed(route: Route, course: Course, drawn: ReadonlySet<string>): Exposed {
    const { router } = route.published;
    // Nobody served a request that went nowhere; it counts for the version that should have.
    const version = course.kind === 'here' ? this.#own : course.kind === 'there' ? course.version : route.version;
    let last = this.#last;
    if (last?.route.decision !== route.decision || last.route.published !== route.published || last.version !== version) {
      const subjects = this.#book.subjects(route.decision, router.generation, version, drawn);
      const inArm = subjects[0]?.arm === 'treated' || subjects[0]?.arm === 'control';
      last = { route, version, exposed: { subjects, users: NO_USERS }, inArm };
      this.#last = last;
    }
    if (!last.inArm) return last.exposed;
    const { subjects } = last.exposed;
    return { subjects, users: subjects.map(({ of }) => (of === null ? null : router.userBucket(of))) };
  }
}
