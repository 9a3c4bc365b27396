// Asks for the metric guardrails of every live release once a block, both arms at the same moment, and hands on the pairs.

import type { Cancel, Clock } from '../clock.ts';
import { isLive } from '../release/state.ts';
import type { ReleaseState } from '../release/state.ts';
import { queryValue } from './prometheus.ts';
import type { GetJson, MetricQuery } from './prometheus.ts';

export interface MetricPollOptions {
  /** Address of the Prometheus server. */
  readonly url: string;
  readonly queries: readonly MetricQuery[];
  readonly clock: Clock;
  readonly get: GetJson;
  /** Live releases, and what is stable at a service. */
  readonly releases: () => Promise<{ readonly states: Iterable<ReleaseState>; readonly stable: (service: string) => string | null }>;
  readonly onPair: (release: ReleaseState, name: string, treated: number, control: number) => void;
  readonly onFault: (what: string, error: unknown) => void;
}

/** One observation a block: neighbours in time say the same, so more often says no more. */
export const BLOCK_MS = 60_000;

export class MetricPoll {
  readonly #options: MetricPollOptions;
  #cancel: Cancel = () => undefined;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: MetricPollOptions) {
    this.#options = options;
  }

  start(): void {
    this.#cancel = this.#options.clock.after(BLOCK_MS, () => {
      this.#running = this.#poll().catch((error: unknown) => this.#options.onFault('ask Prometheus', error)).then(() => {
        if (!this.#stopped) this.start();
      });
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#running;
  }

  async #poll(): Promise<void> {
    const { states, stable } = await this.#options.releases();
    for (const state of states) {
      if (!isLive(state)) continue;
      for (const query of this.#options.queries) await this.#ask(state, query, stable);
    }
  }

  /** A release over several services is asked for at its first one; a query may aggregate over more by the release's name. */
  async #ask(state: ReleaseState, { name, query }: MetricQuery, stable: (service: string) => string | null): Promise<void> {
    const { url, get, onPair, onFault } = this.#options;
    const [first] = Object.entries(state.spec.versions);
    const [service, version] = first ?? [];
    const standing = service === undefined ? null : stable(service);
    if (service === undefined || version === undefined || standing === null) return;
    try {
      const [treated, control] = await Promise.all([version, standing].map((one) => queryValue(url, query, { service, version: one, release: state.name }, get)));
      // A pair or nothing: one arm alone can be compared with nothing.
      if (typeof treated === 'number' && typeof control === 'number') onPair(state, name, treated, control);
    } catch (error) {
      onFault(`guardrail ${name}`, error);
    }
  }
}
