// What data planes count, on its way to everybody who looks: totals, the last minute, verdicts, and numbers from elsewhere.
// It must not know what is decided on it.

import type { CountsMessage } from '@graylane/wire';
import type { Clock } from '../clock.ts';
import type { WorkerFacts } from '../effects.ts';
import type { Store } from '../store/store.ts';
import { VerdictKeeper } from './keeper.ts';
import type { SharedKeeping } from './keeper.ts';
import { MetricPoll } from './metric-poll.ts';
import type { MetricPollOptions } from './metric-poll.ts';
import { Outcomes } from './outcomes.ts';
import { laneKey, Recent, versionKey } from './recent.ts';
import { Tally } from './tally.ts';

export interface MeasuresOptions extends Pick<MetricPollOptions, 'clock' | 'get' | 'view' | 'onFault'> {
  readonly store: Store;
  readonly clock: Clock;
  /** Where several servers count together. */
  readonly shared?: SharedKeeping;
}

/** Workers of the last days; a longer gone one does not come back. */
const WORKERS_REMEMBERED = 10_000;

export class Measures {
  readonly keeper: VerdictKeeper;
  readonly recent: Recent;
  readonly outcomes: Outcomes = new Outcomes();
  readonly tally: Tally = new Tally();
  readonly #metricPoll: MetricPoll;
  /** By worker: the last message that was counted. */
  readonly #lastSeq = new Map<string, number>();

  constructor({ store, clock, shared, get, view, onFault }: MeasuresOptions) {
    this.keeper = new VerdictKeeper({ store, clock, onFault, ...(shared === undefined ? {} : { shared }) });
    this.recent = new Recent(clock);
    this.#metricPoll = new MetricPoll({
      clock, get, view, onFault,
      isWatched: (name) => this.keeper.isWatched(name),
      onPair: (state, name, treated, control) => this.keeper.measured(state, name, treated, control),
    });
  }

  /** Asks for numbers from elsewhere from now on. */
  start(): void {
    this.#metricPoll.start();
  }

  async stop(): Promise<void> {
    await this.#metricPoll.stop();
    await this.keeper.save();
  }

  /** A message that comes twice counts once. */
  report(worker: Pick<WorkerFacts, 'id' | 'service'>, message: CountsMessage): void {
    if (message.seq !== undefined) {
      if (message.seq <= (this.#lastSeq.get(worker.id) ?? -1)) return;
      this.#remember(worker.id, message.seq);
    }
    this.tally.add(worker.service, message.counts);
    const ended = (message.exposures ?? []).filter(({ again }) => again !== true);
    this.outcomes.add(worker.service, ended);
    for (const exposure of ended) {
      this.recent.add(versionKey(worker.service, exposure.version), exposure);
      if (exposure.lane !== null) this.recent.add(laneKey(exposure.lane), exposure);
    }
    this.keeper.counted(worker.service, message);
  }

  #remember(worker: string, seq: number): void {
    this.#lastSeq.delete(worker);
    this.#lastSeq.set(worker, seq);
    const [oldest] = this.#lastSeq.keys();
    if (this.#lastSeq.size > WORKERS_REMEMBERED && oldest !== undefined) this.#lastSeq.delete(oldest);
  }
}
