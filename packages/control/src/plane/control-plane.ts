// The control plane as others use it: a strategy with revisions, releases with verbs, and one view of want and got.
// It owns the order of things at start and stop; what a verb does is in the files beside it.

import type { Explanation, RequestFields } from '@graylane/rules';
import type { Api, Count, CountsMessage } from '@graylane/wire';
import type { WorkerFacts } from '../effects.ts';
import { Measures } from '../exposure/measures.ts';
import { getJsonByFetch } from '../exposure/prometheus.ts';
import { ControlError } from '../problem.ts';
import { effectiveDocument } from '../release/effective.ts';
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
import { Answers } from './answers.ts';
import { appliedOf, apply, difference } from './apply.ts';
import type { Applied, ApplyRequest } from './apply.ts';
import { settleOrigin } from './boot.ts';
import { change, currentView, dry, settledView, republish } from './change.ts';
import type { Changed, Plane } from './change.ts';
import { Controller } from './controller.ts';
import { Ledger } from './ledger.ts';
import type { Booted, ControlPlaneOptions, Verb, VerbRequest } from './options.ts';
import { idOf, poolsFor, startPools } from './pools.ts';
import { Publisher, snapshotOf } from './publisher.ts';
import { NOT_KEPT, Unstored } from './unstored.ts';
import { addCanary, command, split } from './verbs.ts';
import type { NewCanary } from './verbs.ts';

export type { Booted, ControlPlaneOptions, SharedPlane, Verb, VerbRequest } from './options.ts';

/** Long enough for requests that carry an older generation through a chain of services. */
const RETIRE_AFTER_MS = 10_000;

export class ControlPlane {
  readonly tokens: Tokens;
  readonly webhooks: Webhooks;
  readonly keys: FleetKeys;
  readonly #plane: Plane;
  readonly #store: Store;
  readonly #controller: Controller;
  readonly #measures: Measures;
  readonly #answers: Answers;
  readonly #leads: boolean;
  readonly #onFault: (what: string, error: unknown) => void;

  constructor(options: ControlPlaneOptions) {
    const { store, effects, clock } = options;
    this.#store = store;
    const onFault = (what: string, error: unknown): void => {
      this.#answers.wentWrong(what, error);
      options.onFault?.(what, error);
    };
    this.#onFault = onFault;
    this.tokens = new Tokens(store, clock);
    this.keys = new FleetKeys({ store, clock: options.sealClock ?? clock, onFault, deliver: options.deliverKeys ?? (() => Promise.resolve(true)) });
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
    const verdicts = options.verdicts ?? this.#measures.keeper;
    this.#plane = {
      ledger: new Ledger(store, clock), effects, clock, publisher: new Publisher(effects, clock), analyse: options.analyse ?? analyseByRules, compile: options.compile ?? snapshotOf, places: options.places ?? NO_OWN_PLACES, runnable: options.runnable ?? true, unstored: new Unstored(options.keeping ?? NOT_KEPT, onFault), shared: options.replica !== undefined,
      onPublish: ({ generation, document }, states) => this.#measures.keeper.published(generation, document, states),
    };
    this.#answers = new Answers({ plane: this.#plane, measures: this.#measures, verdicts, random: options.random, trouble: options.trouble ?? null });
    this.#controller = new Controller({ plane: this.#plane, verdicts, retireAfterMs: options.retireAfterMs ?? RETIRE_AFTER_MS, onFault });
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
      this.#answers.didNotStart(idOf(wish), error.message);
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

  strategy(revision?: number): Promise<Api<'Strategy'>> {
    return this.#answers.strategy(revision);
  }

  difference(document: unknown): Promise<{ readonly revision: number; readonly changes: readonly Change[]; readonly live: readonly Change[] }> {
    return difference(this.#plane, document);
  }

  async apply(request: ApplyRequest): Promise<Applied> {
    const applied = await apply(this.#plane, request);
    if (!request.dryRun) {
      this.#changed();
      this.#answers.found(applied.findings);
    }
    return applied;
  }

  async split(release: string, percent: string, expectedRevision: number | null, who: string, isDry = false): Promise<Applied> {
    const changed = await split(this.#planeFor(isDry), release, percent, expectedRevision, who);
    const now = releaseOf(changed.draft?.document ?? changed.record.document, release)?.percent;
    const applied = this.#applied(changed, isDry);
    return now === 0 ? { ...applied, notes: [...applied.notes, `nobody is drawn any more, but pinned users of '${release}' stay in and its canary runs on; to take everybody off: graylane rollback ${release}`] } : applied;
  }

  async canary(canary: NewCanary, isDry = false): Promise<Applied & { readonly release: string }> {
    const changed = await addCanary(this.#planeFor(isDry), canary);
    return { ...this.#applied(changed, isDry), findings: changed.findings, release: changed.release };
  }

  async verb(release: string, verb: Verb, { who, why, step, turn = null, isDry = false }: VerbRequest): Promise<Applied> {
    const order = verb === 'promote' ? { verb, why, step: step ?? null } : { verb, why };
    return this.#applied(await command(this.#planeFor(isDry), release, order, who, { seenTurn: turn }), isDry);
  }

  /** A signed wish for a lane of the live strategy; '' is stable. Throws GL3005 for a release that there is not. */
  async override(lane: string, seconds: number): Promise<Api<'Override'>> {
    const { releases } = (await currentView(this.#plane)).record.document;
    const known = (releases ?? []).map(({ name }) => name);
    if (lane !== '' && !known.includes(lane)) throw new ControlError('GL3005', { detail: `there is no release '${lane}'`, fix: known.length === 0 ? 'add one: graylane canary DIR' : `name one of: ${known.slice(0, 10).join(', ')}` });
    return this.keys.override(lane, seconds);
  }

  /** Keeps what somebody did to who may ask or is told, beside the events of releases. Before the first strategy there is nothing to keep it with. */
  async note(subject: string, to: string, who: string, why: string): Promise<void> {
    try {
      if ((await this.#plane.ledger.view()) === null) return;
      await change(this.#plane, () => ({ publish: false, who, why, events: [{ kind: 'access', subject, from: '', to, who, why }] }));
    } catch (error) {
      // It is done: whoever made a token has to see it.
      this.#onFault('keep an event', error);
    }
  }

  /** Holds every automatic step forward; a way back is never held. Null lets them go on. */
  async freeze(reason: string | null, who: string): Promise<void> {
    await change(this.#plane, (view) => {
      if (view.freeze === reason) return null;
      const why = reason ?? 'no longer frozen';
      return { publish: false, freeze: reason, who, why, events: [{ kind: 'freeze', subject: 'releases', from: view.freeze === null ? '' : 'frozen', to: reason === null ? '' : 'frozen', who, why }] };
    });
    this.#wake();
  }

  status(): Promise<Api<'Status'>> {
    return this.#answers.status();
  }

  releases(): Promise<readonly Api<'Release'>[]> {
    return this.#answers.releases();
  }

  release(name: string): Promise<Api<'Release'>> {
    return this.#answers.release(name);
  }

  /** Newest first, before the number `before`. */
  events(options: { readonly before?: number; readonly limit: number }): Promise<readonly Api<'Event'>[]> {
    return this.#answers.events(options);
  }

  workers(): readonly Api<'Worker'>[] {
    return this.#answers.workers();
  }

  /** What the published router does with a request, and why. */
  explain(request: RequestFields): Explanation {
    return this.#answers.explain(request);
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
  compare(name: string): Promise<Api<'Comparison'>> {
    return this.#answers.compare(name);
  }

  /** Prometheus text. */
  metrics(): Promise<string> {
    return this.#answers.metrics();
  }

  get store(): Store {
    return this.#store;
  }

  /** A start goes on without what could not be written; anything but the store's failure ends it. */
  #unstored(error: unknown): void {
    if (!(error instanceof StoreError)) throw error;
    this.#onFault('start', error);
  }

  #planeFor(isDry: boolean): Plane {
    return isDry ? dry(this.#plane) : this.#plane;
  }

  #applied(changed: Changed, isDry: boolean): Applied {
    if (!isDry) this.#changed();
    return appliedOf(changed, isDry);
  }

  #wake(): void {
    if (this.#leads) this.#controller.wake();
  }

  #changed(): void {
    this.#answers.changed();
    this.#wake();
  }
}
