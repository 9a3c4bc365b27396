// Counts how the requests ended that came in at this process, for verdicts and metrics. It decides nothing and sends nothing.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { ExposureWatch, type Exposed } from '@graylane/forward';
import type { Decision } from '@graylane/rules';
import { ExposureBook, type Exposures as Counted } from '@graylane/wire';
import type { Course } from './course.ts';
import type { Route } from './strategy.ts';

const NO_USERS: readonly null[] = [];
/** A strategy has few; the rest is made anew for each request. */
const KNOWN_LIMIT = 1_024;

interface Known {
  readonly version: string;
  readonly exposed: Exposed;
  readonly inArm: boolean;
}

export class Exposures {
  readonly #book = new ExposureBook();
  readonly #watch: ExposureWatch;
  #published: Route['published'] | null = null;
  /** Decisions of that strategy that many requests share, and what those count as. */
  readonly #known = new Map<Decision, Known>();
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
    const { decision, published } = route;
    if (published !== this.#published) {
      this.#published = published;
      this.#known.clear();
    }
    let known = this.#known.get(decision);
    if (known?.version !== version) {
      const subjects = this.#book.subjects(decision, router.generation, version, drawn);
      const arm = subjects[0]?.arm;
      known = { version, exposed: { subjects, users: NO_USERS }, inArm: arm === 'treated' || arm === 'control' };
      // One with an id of its own is nobody else's.
      if (decision.mint === null && this.#known.size < KNOWN_LIMIT) this.#known.set(decision, known);
    }
    if (!known.inArm) return known.exposed;
    const { subjects } = known.exposed;
    return { subjects, users: subjects.map(({ of }) => (of === null ? null : router.userBucket(of))) };
  }
}
