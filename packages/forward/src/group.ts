// The upstreams of one version: who may start now, who waits, who is shed, and which upstream it gets. It knows no bytes.

import type { Clock } from './clock.ts';
import { Endpoint } from './endpoint.ts';
import type { FailureReason } from './failure.ts';
import type { Limits } from './limits.ts';
import { pickIndex } from './pick.ts';
import type { ReadMode } from './response-reader.ts';
import { RetryBudget } from './retry-budget.ts';
import type { Upstream } from './upstream.ts';
import { WaitingLine } from './waiting-line.ts';

/** One exchange that asks for an upstream. Exactly one of the two is called, once per request for admission. */
export interface Applicant {
  /** The upstream that failed it, so that a retry goes elsewhere if it can. */
  readonly avoid: Endpoint | null;
  /** An upstream is reserved for it; it must be released. */
  admitted(endpoint: Endpoint): void;
  shed(reason: FailureReason): void;
}

export interface GroupOptions {
  readonly name: string;
  readonly limits: Limits;
  readonly readMode: ReadMode;
  readonly clock: Clock;
  readonly random: () => number;
  onEjected(upstream: Upstream, ms: number): void;
  onWaited(ms: number): void;
}

export class Group {
  readonly budget: RetryBudget;
  readonly #options: GroupOptions;
  readonly #waiting: WaitingLine<Applicant>;
  #endpoints: Endpoint[] = [];
  /** Removed, but still at work. */
  readonly #leaving = new Set<Endpoint>();
  #eligible: Endpoint[] = [];
  tunnels = 0;

  constructor(options: GroupOptions) {
    this.#options = options;
    this.budget = new RetryBudget(options.limits);
    this.#waiting = new WaitingLine(options.limits);
  }

  get name(): string {
    return this.#options.name;
  }

  get ready(): boolean {
    return this.#endpoints.length > 0;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  get inFlight(): number {
    let count = 0;
    for (const endpoint of this.#endpoints) count += endpoint.outstanding;
    for (const endpoint of this.#leaving) count += endpoint.outstanding;
    return count;
  }

  get connections(): number {
    let count = 0;
    for (const endpoint of this.#endpoints) count += endpoint.connections;
    for (const endpoint of this.#leaving) count += endpoint.connections;
    return count;
  }

  setUpstreams(upstreams: readonly Upstream[]): void {
    const { limits, readMode, clock } = this.#options;
    const known = new Map(this.#endpoints.map((endpoint) => [endpoint.upstream.key, endpoint]));
    // The first of a group need no slow start: there is nobody else to take their share.
    const warm = known.size === 0;
    this.#endpoints = upstreams.map((upstream) => {
      const endpoint = known.get(upstream.key);
      if (endpoint === undefined) return new Endpoint(upstream, limits, readMode, clock, warm);
      known.delete(upstream.key);
      return endpoint;
    });
    for (const endpoint of known.values()) {
      endpoint.drain();
      if (endpoint.connections > 0) this.#leaving.add(endpoint);
    }
    if (this.#endpoints.length === 0) {
      for (const applicant of this.#waiting.takeAll()) applicant.shed('no-upstream');
    } else {
      this.#admitWaiting();
    }
  }

  /** Starts it, lets it wait, or sheds it. */
  apply(applicant: Applicant): void {
    if (this.#endpoints.length === 0) {
      applicant.shed('no-upstream');
      return;
    }
    const now = this.#options.clock.now();
    const endpoint = this.#waiting.length === 0 ? this.#pick(applicant, now) : null;
    if (endpoint !== null) this.#admit(applicant, endpoint);
    else if (!this.#waiting.push(applicant, now)) applicant.shed('queue-full');
  }

  /** It left while it waited. */
  withdraw(applicant: Applicant): void {
    this.#waiting.remove(applicant);
  }

  release(endpoint: Endpoint): void {
    endpoint.outstanding--;
    if (endpoint.draining && endpoint.connections === 0) this.#leaving.delete(endpoint);
    if (this.#waiting.length > 0) this.#admitWaiting();
  }

  answered(endpoint: Endpoint, latencyMs: number): void {
    endpoint.health.answered(this.#options.clock.now(), latencyMs);
  }

  /** A gateway failure of this upstream; it may cost it its place for a while. */
  failed(endpoint: Endpoint): void {
    const now = this.#options.clock.now();
    if (!endpoint.health.failed() || endpoint.health.isEjected(now)) return;
    let ejected = 1;
    for (const other of this.#endpoints) if (other !== endpoint && other.health.isEjected(now)) ejected++;
    // Never more than half of a pool: what fails everywhere is not the fault of one.
    if (ejected * 2 > this.#endpoints.length) return;
    this.#options.onEjected(endpoint.upstream, endpoint.health.eject(now));
  }

  /** Called from time to time. */
  check(now: number): void {
    for (const applicant of this.#waiting.takeLate(now)) applicant.shed('wait-timeout');
    for (const endpoint of this.#endpoints) endpoint.check(now);
    for (const endpoint of this.#leaving) {
      endpoint.check(now);
      if (endpoint.connections === 0) this.#leaving.delete(endpoint);
    }
    if (this.#waiting.length > 0) this.#admitWaiting();
  }

  destroy(): void {
    for (const applicant of this.#waiting.takeAll()) applicant.shed('closing');
    for (const endpoint of this.#endpoints) endpoint.destroy();
    for (const endpoint of this.#leaving) endpoint.destroy();
    this.#endpoints = [];
  }

  #admitWaiting(): void {
    const now = this.#options.clock.now();
    for (let first = this.#waiting.first; first !== undefined; first = this.#waiting.first) {
      const endpoint = this.#pick(first, now);
      if (endpoint === null) return;
      this.#options.onWaited(this.#waiting.waitedMs(first, now));
      this.#waiting.remove(first);
      this.#admit(first, endpoint);
    }
  }

  #admit(applicant: Applicant, endpoint: Endpoint): void {
    endpoint.outstanding++;
    applicant.admitted(endpoint);
  }

  /** An upstream with room, or null. One to avoid, or an ejected one, is taken only when there is no other. */
  #pick(applicant: Applicant, now: number): Endpoint | null {
    const limit = this.#options.limits.inFlightPerUpstream;
    const eligible = this.#eligible;
    eligible.length = 0;
    for (const endpoint of this.#endpoints) {
      if (endpoint.outstanding >= limit || endpoint === applicant.avoid || endpoint.health.isEjected(now)) continue;
      endpoint.share = endpoint.health.share(now);
      eligible.push(endpoint);
    }
    if (eligible.length > 0) return eligible[pickIndex(eligible.length, (i) => eligible[i] as Endpoint, this.#options.random)] ?? null;
    // Ejected ones have no say while others merely are busy.
    const last = this.#endpoints.find((endpoint) => endpoint.outstanding < limit && (endpoint === applicant.avoid || this.#allEjected(now)));
    return last ?? null;
  }

  #allEjected(now: number): boolean {
    return this.#endpoints.every((endpoint) => endpoint.health.isEjected(now));
  }
}
