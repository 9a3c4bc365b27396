// How requests ended, by service, version, lane, method and status: counters that never fall, for metrics.
// It must not know how they are written out.

import type { Exposure } from '@graylane/wire';
import { LATENCY_EDGES_SECONDS } from '@graylane/wire';

export interface Outcome {
  readonly service: string;
  readonly version: string;
  readonly lane: string | null;
  readonly method: string;
  readonly status: number;
  requests: number;
  seconds: number;
  readonly latency: number[];
}

/** Beyond this many series a scraper suffers more than a person learns; the rest is counted as one. */
const SERIES_LIMIT = 5_000;
/** RFC 9110 §9.3 and PATCH; anything else would let a client make labels (the name is OpenTelemetry's). */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']);

export class Outcomes {
  readonly #series = new Map<string, Outcome>();

  add(service: string, exposures: readonly Exposure[]): void {
    for (const { version, lane, method, status, requests, seconds, latency } of exposures) {
      const outcome = this.#outcome(service, version, lane, METHODS.has(method) ? method : '_OTHER', status);
      outcome.requests += requests;
      outcome.seconds += seconds;
      for (let bucket = 0; bucket <= LATENCY_EDGES_SECONDS.length; bucket += 1) outcome.latency[bucket] = (outcome.latency[bucket] ?? 0) + (latency[bucket] ?? 0);
    }
  }

  all(): readonly Readonly<Outcome>[] {
    return [...this.#series.values()];
  }

  #outcome(service: string, version: string, lane: string | null, method: string, status: number): Outcome {
    const key = [service, version, lane ?? '', method, status].join('\0');
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    if (this.#series.size >= SERIES_LIMIT) return this.#outcomeOfRest();
    const outcome: Outcome = { service, version, lane, method, status, requests: 0, seconds: 0, latency: [] };
    this.#series.set(key, outcome);
    return outcome;
  }

  #outcomeOfRest(): Outcome {
    const rest: Outcome = this.#series.get('rest') ?? { service: '_other', version: '_other', lane: null, method: '_OTHER', status: 0, requests: 0, seconds: 0, latency: [] };
    this.#series.set('rest', rest);
    return rest;
  }
}
