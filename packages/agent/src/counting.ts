// Counts how requests end once there is a release to judge: what counts is loaded with the first request that counts.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Exposures as Counted } from '@graylane/wire';
import type { Course } from './course.ts';
import type { Exposures } from './exposures.ts';
import { loadPart } from './part.ts';
import type { Route } from './strategy.ts';

const NOTHING: Counted = { exposures: [], users: [] };

export class Counting {
  readonly #own: string;
  readonly #now: () => number;
  #exposures: Exposures | null = null;

  /** `own`: the version of this process; `now`: milliseconds from any origin, never going back. */
  constructor(own: string, now: () => number) {
    this.#own = own;
    this.#now = now;
  }

  /** To be told right after the decision, before the next one: the router still knows the user. */
  answer(request: IncomingMessage, response: ServerResponse, route: Route, course: Course): void {
    if (route.published.drawn !== null) this.#loaded.answer(request, response, route, course, route.published.drawn);
  }

  stream(stream: ServerHttp2Stream, method: string, route: Route, course: Course): void {
    if (route.published.drawn !== null) this.#loaded.stream(stream, method, route, course, route.published.drawn);
  }

  /** All that ended since the last time. */
  take(): Counted {
    return this.#exposures === null ? NOTHING : this.#exposures.take();
  }

  get #loaded(): Exposures {
    return this.#exposures ??= loadPart('forwarder').createExposures(this.#own, this.#now);
  }
}
