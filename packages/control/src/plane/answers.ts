// What people ask of a control plane, answered from what is stored, published, counted and went wrong. It changes nothing.

import { explain, type Explanation, type RequestFields } from '@graylane/rules';
import type { Api } from '@graylane/wire';
import type { Measures } from '../exposure/measures.ts';
import { metricsText } from '../exposure/metrics.ts';
import { ControlError } from '../problem.ts';
import { isLive } from '../release/state.ts';
import type { Verdicts } from '../release/verdicts.ts';
import type { StrategyRecord } from '../strategy/record.ts';
import { currentView, lastView } from './change.ts';
import type { Plane } from './change.ts';
import { lastVerdict } from './last-verdict.ts';
import { iso, releaseViews, statusOf, workerView } from './status.ts';
import type { StatusInput } from './status.ts';

export interface AnswersOptions {
  readonly plane: Plane;
  readonly measures: Measures;
  readonly verdicts: Verdicts;
  readonly random: () => number;
  /** What is wrong from the start, or null. */
  readonly trouble: string | null;
}

export const EVENTS_PAGE = 200;

export class Answers {
  readonly #options: AnswersOptions;
  readonly #failures = new Map<string, string>();
  #findings: ReadonlyMap<string, number> = new Map();
  #fault: string | null = null;

  constructor(options: AnswersOptions) {
    this.#options = options;
  }

  /** Stands in the status until something is done again. */
  wentWrong(what: string, error: unknown): void {
    this.#fault = `${what}: ${ControlError.from(error).message}`;
  }

  /** By pool id: why it does not run. */
  didNotStart(pool: string, why: string): void {
    this.#failures.set(pool, why);
  }

  /** Of the document that is in force now. */
  found(findings: Api<'Applied'>['findings']): void {
    const counts = new Map<string, number>();
    for (const { code } of findings) counts.set(code, (counts.get(code) ?? 0) + 1);
    this.#findings = counts;
  }

  /** Somebody has changed something: what went wrong before it is over. */
  changed(): void {
    this.#fault = null;
    this.#failures.clear();
  }

  async strategy(revision?: number): Promise<Api<'Strategy'>> {
    const { plane } = this.#options;
    const current = (await currentView(plane)).record;
    if (revision === undefined || revision === current.revision) return strategyView(current);
    const past = await plane.ledger.revision(revision);
    if (past === null) throw new ControlError('GL3014', { detail: `revision ${revision} is not kept`, fix: `the newest is ${current.revision}` });
    return strategyView(past);
  }

  async status(): Promise<Api<'Status'>> {
    return statusOf(await this.#statusInput());
  }

  async releases(): Promise<readonly Api<'Release'>[]> {
    return releaseViews(await this.#statusInput());
  }

  async release(name: string): Promise<Api<'Release'>> {
    const input = await this.#statusInput();
    const state = input.view.releases.get(name);
    const [release] = state === undefined ? [] : releaseViews({ ...input, view: { ...input.view, releases: new Map([[name, state]]) } });
    if (release === undefined) throw noRelease(name);
    return release;
  }

  /** Newest first, before the number `before`. */
  async events(options: { readonly before?: number; readonly limit: number }): Promise<readonly Api<'Event'>[]> {
    const events = await this.#options.plane.ledger.events({ ...options, limit: Math.min(options.limit, EVENTS_PAGE) });
    return events.map((event) => ({ ...event, at: iso(event.at) }));
  }

  workers(): readonly Api<'Worker'>[] {
    return this.#options.plane.effects.workers().map(workerView);
  }

  /** What the published router does with a request, and why. */
  explain(request: RequestFields): Explanation {
    const router = this.#options.plane.publisher.router(this.#options.random);
    if (router === null) throw new ControlError('GL3020', { detail: 'nothing is published yet', fix: 'try again in a moment' });
    return explain(router, request);
  }

  /** Both arms of a release side by side; of one that is over, what its last verdict was taken on. */
  async compare(name: string): Promise<Api<'Comparison'>> {
    const { plane, measures } = this.#options;
    const state = (await currentView(plane)).releases.get(name);
    if (state === undefined) throw noRelease(name);
    const base = { release: name, phase: state.standing.phase, live: isLive(state) };
    const now = isLive(state) ? measures.keeper.compare(state) : null;
    if (now !== null) return { ...base, at: iso(plane.clock.now()), ...now };
    const last = await lastVerdict(plane.ledger, name);
    return { ...base, at: iso(last?.at ?? state.since), arms: [], verdict: last?.verdict ?? null };
  }

  /** Prometheus text. */
  async metrics(): Promise<string> {
    const { plane: { effects }, measures: { tally, outcomes } } = this.#options;
    return metricsText({ status: await this.status(), workers: effects.workers(), gateways: effects.gateways?.() ?? [], decisions: tally.totals(), outcomes: outcomes.all(), findings: this.#findings });
  }

  async #statusInput(): Promise<StatusInput> {
    const { plane, measures, verdicts, trouble } = this.#options;
    const stored = await lastView(plane);
    // People are shown what is in force.
    const view = { ...stored, releases: plane.unstored.inForce(stored.releases) };
    const problems = [
      ...(trouble === null ? [] : [trouble]), ...(this.#fault === null ? [] : [this.#fault]),
      ...plane.unstored.all.map(({ name }) => `the rollback of '${name}' is in force, but the store cannot take it down yet`),
    ];
    return {
      view, workers: plane.effects.workers(), tally: measures.tally, recent: measures.recent, now: plane.clock.now(), publication: plane.publisher.last,
      failures: this.#failures, verdict: (state) => verdicts.judge(state, false), problems,
    };
  }
}

function noRelease(name: string): ControlError {
  return new ControlError('GL3005', { detail: `there is no release '${name}'`, fix: 'see graylane status' });
}

function strategyView({ revision, generation, at, who, why, document }: StrategyRecord): Api<'Strategy'> {
  return { revision, generation, at: iso(at), who, why, document: { ...document } };
}
