// What the control plane does by itself: steps whose time has come, verdicts, promotions, and pools that nobody needs any more.
// It must not know how a release gets from state to state (release/transition.ts).

import type { Cancel } from '../clock.ts';
import { effectiveDocument } from '../release/effective.ts';
import { gateAt } from '../release/plan.ts';
import type { Gate } from '../release/plan.ts';
import { isLive } from '../release/state.ts';
import type { ReleaseState } from '../release/state.ts';
import type { Command } from '../release/transition.ts';
import type { Verdicts, VerdictView } from '../release/verdicts.ts';
import { opensAt, windowAt } from '../release/window.ts';
import { currentView } from './change.ts';
import type { Plane } from './change.ts';
import { Deadlines } from './deadlines.ts';
import { finishHandover, returnToPrevious, promoteRelease } from './handover.ts';
import type { LedgerView } from './ledger.ts';
import { idOf, poolsFor } from './pools.ts';
import { LONGEST_RETRY_MS, Tasks } from './tasks.ts';
import { command } from './verbs.ts';

export interface ControllerOptions {
  readonly plane: Plane;
  readonly verdicts: Verdicts;
  /** How long a pool that no generation names any more may finish what is in flight elsewhere in a chain. */
  readonly retireAfterMs: number;
  /** Faults that no caller waits for. */
  readonly onFault: (what: string, error: unknown) => void;
}

/** Between two looks at the verdicts. */
const LOOK_MS = 1_000;

export class Controller {
  readonly #options: ControllerOptions;
  readonly #plane: Plane;
  readonly #deadlines: Deadlines;
  readonly #tasks: Tasks;
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = false;
  #cancelTimer: Cancel = () => undefined;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#plane = options.plane;
    this.#deadlines = new Deadlines(options.plane.clock);
    this.#tasks = new Tasks({ clock: options.plane.clock, onFault: options.onFault, onEnd: () => this.wake() });
  }

  /** Looks at everything soon; calls while it looks make it look once more. */
  wake(): void {
    if (this.#stopped) return;
    this.#again = true;
    this.#running ??= this.#run();
  }

  /** Waits for what is under way and starts nothing more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    await this.#running;
    await this.#tasks.ended();
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#isStopped()) {
      this.#again = false;
      try {
        this.#sleep(await this.#look());
      } catch (error) {
        this.#options.onFault('look at the releases', error);
        this.#sleep(LONGEST_RETRY_MS);
      }
    }
    this.#running = null;
  }

  #isStopped(): boolean {
    return this.#stopped;
  }

  #sleep(ms: number): void {
    this.#cancelTimer();
    if (!this.#stopped && Number.isFinite(ms)) this.#cancelTimer = this.#plane.clock.after(ms, () => this.wake());
  }

  /** Does what is due and says in how many milliseconds the next thing may be. */
  async #look(): Promise<number> {
    await this.#storeWaysBack();
    const view = await currentView(this.#plane);
    let next = this.#plane.unstored.all.length > 0 ? LOOK_MS : Infinity;
    for (const state of view.releases.values()) {
      // Rolled back already, as everybody routes; what the store still says of it leads nowhere.
      if (this.#plane.unstored.of(state.name)?.turn !== state.turn) next = Math.min(next, await this.#lookAt(state, view));
    }
    if (view.handover !== null) next = Math.min(next, this.#tasks.start('handover', () => finishHandover(this.#plane, view)));
    this.#deadlines.keepOnly(view.releases);
    return Math.min(next, this.#sweep(view));
  }

  /** What is in force already, once the store has room. A release that has left the strategy meanwhile, or begun anew, needs none. */
  async #storeWaysBack(): Promise<void> {
    for (const { name, turn, order, who, evidence } of this.#plane.unstored.all) {
      const { releases } = await currentView(this.#plane);
      if (releases.get(name)?.turn === turn) await command(this.#plane, name, order, who, { evidence });
      else this.#plane.unstored.settle(name);
    }
  }

  /** Harm comes first, wherever a release stands and whatever holds up its next step: what goes back waits for nothing that goes forward. */
  async #lookAt(state: ReleaseState, view: LedgerView): Promise<number> {
    if (!isWatched(state)) return this.#goOn(state, view);
    const verdict = this.#options.verdicts.judge(state, false);
    if (verdict?.answer === 'harm') return this.#order(state, { verb: 'harm', why: verdict.reasons.join('; ') }, verdict);
    return Math.min(LOOK_MS, await this.#goOn(state, view));
  }

  async #goOn(state: ReleaseState, view: LedgerView): Promise<number> {
    const { standing, name } = state;
    switch (standing.phase) {
      case 'progressing': {
        const gate = gateAt(state.spec, standing.step);
        return gate === null ? Infinity : this.#atGate(state, gate, view);
      }
      case 'paused': {
        const left = this.#closedFor(state) ?? (standing.resumeAt === null ? Infinity : this.#deadlines.left(state, standing.resumeAt - state.since, opensAt(state.spec)));
        if (left > 0) return left;
        // A freeze holds what goes forward, never what goes back.
        return view.freeze === null ? this.#order(state, { verb: 'time-passed', turn: state.turn, why: 'the pause of the plan is over' }) : Infinity;
      }
      case 'promoting':
        if (standing.stage !== 'preparing' || view.handover !== null || view.freeze !== null) return Infinity;
        return this.#tasks.start('promotion', () => promoteRelease(this.#plane, name));
      case 'rolling-back':
        if (standing.stage !== 'preparing' || view.handover !== null) return Infinity;
        // By a name of its own: a way back waits for no promotion's pool.
        return this.#tasks.start(`return of ${name}`, () => returnToPrevious(this.#plane, name));
      case 'pending': case 'succeeded': case 'rolled-back':
        return Infinity;
    }
  }

  /** Its time is up: only a clear yes goes on. No data, or an open question, is held for a person, or looked at on. */
  #atGate(state: ReleaseState, { forMs, unclear }: Gate, view: LedgerView): Promise<number> | number {
    const left = this.#closedFor(state) ?? this.#deadlines.left(state, forMs, opensAt(state.spec));
    if (left > 0) return left;
    if (view.freeze !== null) return Infinity;
    const verdict = this.#options.verdicts.judge(state, unclear === 'pause');
    const said = { turn: state.turn, why: verdict?.reasons.join('; ') ?? 'nothing measures this release' };
    if (verdict?.answer === 'go') return this.#order(state, { verb: 'go', ...said }, verdict);
    return unclear === 'pause' ? this.#order(state, { verb: 'no-verdict', ...said }, verdict ?? undefined) : Infinity;
  }

  /** One that fails holds up nothing else: it comes back later, and meanwhile everything is looked at as before. */
  async #order(state: ReleaseState, order: Command, evidence?: VerdictView): Promise<number> {
    const wait = await this.#tasks.now(`${order.verb} of ${state.name}`, () => command(this.#plane, state.name, order, 'controller', { evidence }));
    if (wait > 0) return wait;
    this.#again = true;
    return Infinity;
  }

  /** Outside of its time window a release goes nowhere by itself: milliseconds until it opens, or null when it is open. */
  #closedFor({ spec }: ReleaseState): number | null {
    const now = this.#plane.clock.now();
    switch (windowAt(spec, now)) {
      case 'before': return Math.max(1, opensAt(spec) - now);
      case 'over': return Infinity;
      case 'open': case null: return null;
    }
  }

  /** Ends pools that nothing names, once they have not been named for long enough. */
  #sweep(view: LedgerView): number {
    const named = namedPools(view);
    const running = new Map(this.#plane.effects.workers().map((worker) => [idOf(worker), worker]));
    let next = Infinity;
    for (const [id, { service, version, role }] of running) {
      const left = named.has(id) ? null : this.#deadlines.since(id, this.#options.retireAfterMs);
      if (left === null) this.#deadlines.forget(id);
      else if (left > 0) next = Math.min(next, left);
      else next = Math.min(next, this.#tasks.start(`retire ${id}`, () => (role === 'stable' ? this.#plane.effects.retireStable(service, version) : this.#plane.effects.retireVersion(service, version))));
    }
    return next;
  }
}

/** Without a plan a release belongs to a person, who sees the verdict in its status. */
function isWatched(state: ReleaseState): boolean {
  return isLive(state) && (state.spec.steps?.length ?? 0) > 0;
}

/** All that is in force, on its way in, or on its way out in order. */
function namedPools(view: LedgerView): ReadonlySet<string> {
  const named = new Set(poolsFor(effectiveDocument(view.record.document, view.releases)).map(idOf));
  const stable = (versions: Readonly<Record<string, string>>): void => {
    for (const [service, version] of Object.entries(versions)) named.add(idOf({ service, version, role: 'stable' }));
  };
  for (const state of view.releases.values()) {
    if (state.standing.phase === 'promoting' && isLive(state)) stable(state.spec.versions);
    if (state.standing.phase === 'rolling-back') stable(state.standing.previous);
  }
  for (const { service, from } of view.handover?.services ?? []) {
    if (from !== null) named.add(idOf({ service, version: from, role: 'stable' }));
  }
  return named;
}
