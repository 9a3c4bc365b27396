// The control plane as others use it: a strategy with revisions, releases with verbs, and one view of want and got.
// It owns the order of things at start and stop; what a verb does is in the files beside it.

import { explain, type Explanation, type RequestFields } from '@graylane/rules';
import type { Api, Count, CountsMessage } from '@graylane/wire';
import type { WorkerFacts } from '../effects.ts';
import { Measures } from '../exposure/measures.ts';
import { metricsText } from '../exposure/metrics.ts';
import { getJsonByFetch } from '../exposure/prometheus.ts';
import { ControlError } from '../problem.ts';
import { effectiveDocument } from '../release/effective.ts';
import { isLive } from '../release/state.ts';
import type { Verdicts } from '../release/verdicts.ts';
import { FleetKeys } from '../access/fleet-keys.ts';
import { Tokens } from '../access/tokens.ts';
import { sendByFetch } from '../notify/send.ts';
import { Webhooks } from '../notify/webhooks.ts';
import { StoreError } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import type { Change } from '../strategy/changes.ts';
import { releaseOf } from '../strategy/edit.ts';
import { analyseByRules } from '../strategy/analysis.ts';
import { NO_OWN_PLACES } from '../strategy/places.ts';
import type { StrategyRecord } from '../strategy/record.ts';
import { apply, difference } from './apply.ts';
import type { Applied, ApplyRequest } from './apply.ts';
import { settleOrigin } from './boot.ts';
import { change, currentView, settledView, lastView, republish } from './change.ts';
import type { Changed, Plane } from './change.ts';
import { Controller } from './controller.ts';
import { lastVerdict } from './last-verdict.ts';
import { Ledger } from './ledger.ts';
import type { Booted, ControlPlaneOptions, Verb, VerbRequest } from './options.ts';
import { idOf, poolsFor, startPools } from './pools.ts';
import { Publisher, snapshotOf } from './publisher.ts';
import { iso, releaseViews, statusOf, workerView } from './status.ts';
import type { StatusInput } from './status.ts';
import { NOT_KEPT, Unstored } from './unstored.ts';
import { addCanary, command, split } from './verbs.ts';
import type { NewCanary } from './verbs.ts';

export type { Booted, ControlPlaneOptions, SharedPlane, Verb, VerbRequest } from './options.ts';

/** Long enough for requests that carry an older generation through a chain of services. */
const RETIRE_AFTER_MS = 10_000;
export const EVENTS_PAGE = 200;

export class ControlPlane {
  readonly tokens: Tokens;
  readonly webhooks: Webhooks;
  readonly keys: FleetKeys;
  readonly #plane: Plane;
  readonly #store: Store;
  readonly #controller: Controller;
  readonly #verdicts: Verdicts;
  readonly #measures: Measures;
  readonly #random: () => number;
  readonly #failures = new Map<string, string>();
  #findings: ReadonlyMap<string, number> = new Map();
  readonly #leads: boolean;
  #fault: string | null = null;
  readonly #trouble: string | null;
  readonly #onFault: (what: string, error: unknown) => void;

  constructor(options: ControlPlaneOptions) {
    const { store, effects, clock } = options;
    this.#store = store;
    this.#random = options.random;
    this.#trouble = options.trouble ?? null;
    const onFault = (what: string, error: unknown): void => {
      this.#fault = `${what}: ${ControlError.from(error).message}`;
      options.onFault?.(what, error);
    };
    this.#onFault = onFault;
    this.tokens = new Tokens(store, clock);
    this.keys = new FleetKeys({ store, clock, onFault, deliver: options.deliverKeys ?? (() => Promise.resolve(true)) });
    this.webhooks = new Webhooks({ store, clock, send: options.send ?? sendByFetch, onFault });
    this.#leads = options.replica?.leads ?? true;
    this.#measures = new Measures({
      store, clock, onFault, get: options.get ?? getJsonByFetch,
      ...(options.replica === undefined ? {} : { shared: { saves: options.replica.leads, ...options.replica.counts } }),
      view: async () => {
        const { releases, record } = await currentView(this.#plane);
        return { document: record.document, states: releases.values() };
      },
    });
    this.#verdicts = options.verdicts ?? this.#measures.keeper;
    this.#plane = {
      ledger: new Ledger(store, clock), effects, clock, publisher: new Publisher(effects, clock), analyse: options.analyse ?? analyseByRules, compile: options.compile ?? snapshotOf, places: options.places ?? NO_OWN_PLACES, runnable: options.runnable ?? true, unstored: new Unstored(options.keeping ?? NOT_KEPT, onFault), shared: options.replica !== undefined,
      onPublish: ({ generation, document }, states) => this.#measures.keeper.published(generation, document, states),
    };
    this.#controller = new Controller({ plane: this.#plane, verdicts: this.#verdicts, retireAfterMs: options.retireAfterMs ?? RETIRE_AFTER_MS, onFault });
  }

  /**
   * Settles which strategy is in force, publishes it, and starts its pools; workers that run already are kept.
   * Throws when the file is not valid or a stable version does not become ready.
   */
  async start(file: unknown): Promise<Booted> {
    await this.#measures.keeper.load();
    // Before any request can be stamped.
    await this.keys.start().catch((error: unknown) => this.#unstored(error));
    this.#plane.unstored.resume((await this.#plane.ledger.view())?.releases ?? new Map());
    const floor = Math.max(0, ...this.#plane.effects.workers().map(({ generation }) => generation));
    const origin = await settleOrigin(this.#plane, file, floor, (error) => this.#unstored(error));
    const view = await currentView(this.#plane);
    await republish(this.#plane, view, floor);
    if (!this.#leads) return { origin, failed: [] };
    const failed = await startPools(this.#plane.effects, poolsFor(effectiveDocument(view.record.document, view.releases)));
    for (const { wish, error } of failed) {
      if (wish.role === 'stable') throw error;
      this.#failures.set(idOf(wish), error.message);
    }
    for (const [service, { stable }] of Object.entries(view.record.document.services)) await this.#plane.effects.openStable(service, stable);
    this.#wake();
    await this.webhooks.start();
    this.#measures.start();
    return { origin, failed };
  }

  /**
   * Another server has written: publishes what is in force now and looks what is due. `floor` is the newest generation that a
   * data plane has; a store that is behind it (restored, say) is raised above it, so that no data plane goes back.
   */
  async refresh(floor: number): Promise<void> {
    const view = await settledView(this.#plane);
    if (floor > view.record.generation && this.#leads) await this.#plane.ledger.raiseGeneration(view, floor + 1);
    const now = floor > view.record.generation ? await settledView(this.#plane) : view;
    if (now.record.generation > this.#plane.publisher.generation) await republish(this.#plane, now);
    this.#wake();
  }

  /** Whether the strategy as of this revision of the store is what was handed out here: an own change, say. Waits for what is being written. */
  async handedOut(revision: number): Promise<boolean> {
    const { ledger, publisher, clock } = this.#plane;
    await ledger.settled();
    // Handed out right after it is written.
    await new Promise<void>((resolve) => clock.after(1, resolve));
    return ledger.knows(revision) && (ledger.known?.record.generation ?? Infinity) <= publisher.generation;
  }

  /** The newest generation that was handed out here. */
  get generation(): number {
    return this.#plane.publisher.generation;
  }

  /** Lets what is under way finish and starts nothing more; pools are the caller's to end. */
  async stop(): Promise<void> {
    this.keys.stop();
    await this.#controller.stop();
    await this.webhooks.stop();
    await this.#measures.stop();
  }

  async strategy(revision?: number): Promise<Api<'Strategy'>> {
    const current = (await currentView(this.#plane)).record;
    if (revision === undefined || revision === current.revision) return strategyView(current);
    const past = await this.#plane.ledger.revision(revision);
    if (past === null) throw new ControlError('GL3014', { detail: `revision ${revision} is not kept`, fix: `the newest is ${current.revision}` });
    return strategyView(past);
  }

  difference(document: unknown): Promise<{ readonly revision: number; readonly changes: readonly Change[]; readonly live: readonly Change[] }> {
    return difference(this.#plane, document);
  }

  async apply(request: ApplyRequest): Promise<Applied> {
    const applied = await apply(this.#plane, request);
    if (!request.dryRun) {
      this.#findings = countsByCode(applied.findings);
      this.#changed();
    }
    return applied;
  }

  async split(release: string, percent: string, expectedRevision: number | null, who: string): Promise<Applied> {
    const changed = await split(this.#plane, release, percent, expectedRevision, who);
    const now = releaseOf(changed.record.document, release)?.percent;
    return { ...this.#applied(changed), notes: now === 0 ? [`nobody is drawn any more, but pinned users of '${release}' stay in and its canary runs on; to take everybody off: graylane rollback ${release}`] : [] };
  }

  async canary(canary: NewCanary): Promise<Applied & { readonly release: string }> {
    const changed = await addCanary(this.#plane, canary);
    return { ...this.#applied(changed), release: changed.release };
  }

  async verb(release: string, verb: Verb, { who, why, step }: VerbRequest): Promise<Applied> {
    const order = verb === 'promote' ? { verb, why, step: step ?? null } : { verb, why };
    return this.#applied(await command(this.#plane, release, order, who));
  }

  /** A signed wish for a lane of the live strategy; '' is stable. Throws GL3005 for a release that there is not. */
  async override(lane: string, seconds: number): Promise<Api<'Override'>> {
    const { releases } = (await currentView(this.#plane)).record.document;
    const known = (releases ?? []).map(({ name }) => name);
    if (lane !== '' && !known.includes(lane)) throw new ControlError('GL3005', { detail: `there is no release '${lane}'`, fix: known.length === 0 ? 'add one: graylane canary DIR' : `name one of: ${known.slice(0, 10).join(', ')}` });
    return this.keys.override(lane, seconds);
  }

  /** Holds every automatic step forward; a way back is never held. Null lets them go on. */
  async freeze(reason: string | null, who: string): Promise<void> {
    await change(this.#plane, (view) => {
      if (view.freeze === reason) return null;
      const why = reason ?? 'no longer frozen';
      return { publish: false, freeze: reason, who, why, events: [{ kind: 'freeze', subject: 'releases', from: view.freeze ?? '', to: reason ?? '', who, why }] };
    });
    this.#wake();
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
    if (release === undefined) throw new ControlError('GL3005', { detail: `there is no release '${name}'`, fix: 'see graylane status' });
    return release;
  }

  /** Newest first, before the number `before`. */
  async events(options: { readonly before?: number; readonly limit: number }): Promise<readonly Api<'Event'>[]> {
    const events = await this.#plane.ledger.events({ ...options, limit: Math.min(options.limit, EVENTS_PAGE) });
    return events.map((event) => ({ ...event, at: iso(event.at) }));
  }

  workers(): readonly Api<'Worker'>[] {
    return this.#plane.effects.workers().map(workerView);
  }

  /** What the published router does with a request, and why. */
  explain(request: RequestFields): Explanation {
    const router = this.#plane.publisher.router(this.#random);
    if (router === null) throw new ControlError('GL3020', { detail: 'nothing is published yet', fix: 'try again in a moment' });
    return explain(router, request);
  }

  /** Counts that a worker of `service` sent since its last message. */
  counted(service: string, counts: readonly Count[]): void {
    this.#measures.tally.add(service, counts);
  }

  /** All that a worker counted since its last message. A message that comes twice counts once. */
  report(worker: Pick<WorkerFacts, 'id' | 'service'>, message: CountsMessage): void {
    this.#measures.report(worker, message);
  }

  /** Both arms of a release side by side; of one that is over, what its last verdict was taken on. */
  async compare(name: string): Promise<Api<'Comparison'>> {
    const { releases } = await currentView(this.#plane);
    const state = releases.get(name);
    if (state === undefined) throw new ControlError('GL3005', { detail: `there is no release '${name}'`, fix: 'see graylane status' });
    const base = { release: name, phase: state.standing.phase, live: isLive(state) };
    const now = isLive(state) ? this.#measures.keeper.compare(state) : null;
    if (now !== null) return { ...base, at: iso(this.#plane.clock.now()), ...now };
    const last = await lastVerdict(this.#plane.ledger, name);
    return { ...base, at: iso(last?.at ?? state.since), arms: [], verdict: last?.verdict ?? null };
  }

  /** Prometheus text. */
  async metrics(): Promise<string> {
    return metricsText({ status: await this.status(), workers: this.#plane.effects.workers(), gateways: this.#plane.effects.gateways?.() ?? [], decisions: this.#measures.tally.totals(), outcomes: this.#measures.outcomes.all(), findings: this.#findings });
  }

  get store(): Store {
    return this.#store;
  }

  async #statusInput(): Promise<StatusInput> {
    const view = await lastView(this.#plane);
    const problems = [
      ...(this.#trouble === null ? [] : [this.#trouble]), ...(this.#fault === null ? [] : [this.#fault]),
      ...this.#plane.unstored.all.map(({ name }) => `the rollback of '${name}' is in force, but the store cannot take it down yet`),
    ];
    return {
      view, workers: this.#plane.effects.workers(), tally: this.#measures.tally, recent: this.#measures.recent, now: this.#plane.clock.now(), publication: this.#plane.publisher.last,
      failures: this.#failures, verdict: (state) => this.#verdicts.judge(state, false), problems,
    };
  }

  /** A start goes on without what could not be written; anything but the store's failure ends it. */
  #unstored(error: unknown): void {
    if (!(error instanceof StoreError)) throw error;
    this.#onFault('start', error);
  }

  #applied({ record, publication }: Changed): Applied {
    this.#changed();
    return {
      revision: record.revision, generation: record.generation, dryRun: false, changes: [], findings: [], notes: [],
      acked: publication?.acked.length ?? 0, stale: publication?.stale ?? [], tookMs: publication?.tookMs ?? 0,
    };
  }

  #wake(): void {
    if (this.#leads) this.#controller.wake();
  }

  #changed(): void {
    this.#fault = null;
    this.#failures.clear();
    this.#wake();
  }
}

function countsByCode(findings: Applied['findings']): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { code } of findings) counts.set(code, (counts.get(code) ?? 0) + 1);
  return counts;
}

function strategyView({ revision, generation, at, who, why, document }: StrategyRecord): Api<'Strategy'> {
  return { revision, generation, at: iso(at), who, why, document: { ...document } };
}
