// What a router has decided and how its requests ended, until a control plane fetches it. It decides nothing and sends nothing.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { ExposureWatch, type Exposed } from '@graylane/forward';
import { Tally } from '@graylane/gateway';
import type { Decision, Router } from '@graylane/rules';
import { ExposureBook, type Count, type Exposures } from '@graylane/wire';

/** A request on its way to its handler. */
export interface Counted {
  readonly router: Router;
  readonly decision: Decision;
  readonly version: string;
  /** Releases whose arms are counted. */
  readonly drawn: ReadonlySet<string>;
}

export class ModuleCounts {
  readonly #tally = new Tally();
  readonly #book = new ExposureBook();
  readonly #watch: ExposureWatch;
  readonly #now: () => number;

  /** `now`: milliseconds from any origin, never going back. */
  constructor(now: () => number) {
    this.#now = now;
    this.#watch = new ExposureWatch(this.#book, now);
  }

  answer(req: IncomingMessage, res: ServerResponse, counted: Counted): void {
    this.#decided(counted);
    this.#watch.answer(req, res, this.#exposed(counted));
  }

  /** To be called with the status when the handler has settled: a fetch handler's answer is over there as far as this process sees; 0 when it threw. */
  fetched(method: string, counted: Counted): (status: number) => void {
    this.#decided(counted);
    const exposed = this.#exposed(counted);
    const started = this.#now();
    return (status) => this.#watch.ended(exposed, method, status, status === 0 ? 'aborted' : 'complete', started);
  }

  /** Since the last time. */
  take(): { readonly counts: readonly Count[]; readonly ended: Exposures } {
    return { counts: this.#tally.take(), ended: this.#book.take() };
  }

  #decided({ decision, router }: Counted): void {
    this.#tally.add(decision.lane, decision.reason, router.generation);
  }

  #exposed({ router, decision, version, drawn }: Counted): Exposed {
    const subjects = this.#book.subjects(decision, router.generation, version, drawn);
    return { subjects, users: subjects.map(({ arm, of }) => (of === null || arm === 'pinned' ? null : router.userBucket(of))) };
  }
}
