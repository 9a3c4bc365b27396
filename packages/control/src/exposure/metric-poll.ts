// Asks for the metric guardrails of every watched release once a block, both arms at the same moment, and hands on the pairs.

import type { GuardrailSpec, StrategyDocument } from '@graylane/rules';
import type { Cancel, Clock } from '../clock.ts';
import { own } from '../own.ts';
import { isLive } from '../release/state.ts';
import type { ReleaseState } from '../release/state.ts';
import { guardrailsOf, prometheusOf } from './guardrails.ts';
import { queryValue } from './prometheus.ts';
import type { GetJson } from './prometheus.ts';

export interface MetricPollOptions {
  readonly clock: Clock;
  readonly get: GetJson;
  /** What is in force now: who is asked, for what, about which releases. */
  readonly view: () => Promise<{ readonly document: StrategyDocument; readonly states: Iterable<ReleaseState> }>;
  readonly isWatched: (release: string) => boolean;
  readonly onPair: (release: ReleaseState, name: string, treated: number, control: number) => void;
  readonly onFault: (what: string, error: unknown) => void;
}

/** One observation a block: neighbours in time say the same, so more often says no more. */
const BLOCK_MS = 60_000;

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
    const { document, states } = await this.#options.view();
    const url = prometheusOf(document);
    if (url === null) return;
    for (const state of states) {
      if (!isLive(state) || !this.#options.isWatched(state.name)) continue;
      for (const guardrail of guardrailsOf(document.guardrails ?? [], state.spec)) await this.#ask(url, state, guardrail, document);
    }
  }

  /** A release over several services is asked for at its first one; a query may aggregate over more by the release's name. */
  async #ask(url: string, state: ReleaseState, { name, query }: GuardrailSpec, document: StrategyDocument): Promise<void> {
    const { get, onPair, onFault } = this.#options;
    const [first] = Object.entries(state.spec.versions);
    const [service, version] = first ?? [];
    const standing = service === undefined ? undefined : own(document.services, service)?.stable;
    if (service === undefined || version === undefined || standing === undefined) return;
    try {
      const [treated, control] = await Promise.all([version, standing].map((one) => queryValue(url, query, { service, version: one, release: state.name }, get)));
      // A pair or nothing: one arm alone can be compared with nothing.
      if (typeof treated === 'number' && typeof control === 'number') onPair(state, name, treated, control);
    } catch (error) {
      onFault(`guardrail ${name}`, error);
    }
  }
}
