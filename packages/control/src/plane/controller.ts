// What the control plane does by itself: steps whose time has come, verdicts, promotions, and pools that nobody needs any more.
// It must not know how a release gets from state to state (release/transition.ts).

import type { Cancel } from '../clock.ts';
import { effectiveDocument } from '../release/effective.ts';
import { gateAt } from '../release/plan.ts';
import { isLive } from '../release/state.ts';
import type { ReleaseState } from '../release/state.ts';
import type { Verdicts } from '../release/verdicts.ts';
import { opensAt, windowAt } from '../release/window.ts';
import { currentView } from './change.ts';
import type { Plane } from './change.ts';
import { Deadlines } from './deadlines.ts';
import { finishHandover, returnToPrevious, promoteRelease } from './handover.ts';
import type { LedgerView } from './ledger.ts';
import { idOf, poolsFor } from './pools.ts';
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
/** A task that failed comes back after this, doubled each time up to the longest. */
const RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;

export class Controller {
  readonly #options: ControllerOptions;
  readonly #plane: Plane;
  readonly #deadlines: Deadlines;
  readonly #tasks = new Map<string, { readonly done: Promise<void> }>();
  readonly #failures = new Map<string, { readonly count: number; readonly until: number }>();
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = false;
  #cancelTimer: Cancel = () => undefined;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#plane = options.plane;
    this.#deadlines = new Deadlines(options.plane.clock);
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
    await Promise.all([...this.#tasks.values()].map(({ done }) => done));
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
    for (const { name, order, who, evidence } of this.#plane.unstored.all) await command(this.#plane, name, order, who, evidence);
    const view = await currentView(this.#plane);
    let next = this.#plane.unstored.all.length > 0 ? LOOK_MS : Infinity;
    for (const state of view.releases.values()) next = Math.min(next, await this.#lookAt(state, view));
    if (view.handover !== null) next = Math.min(next, this.#task('handover', () => finishHandover(this.#plane, view)));
    this.#deadlines.keepOnly(view.releases);
    return Math.min(next, this.#sweep(view));
  }

  async #lookAt(state: ReleaseState, view: LedgerView): Promise<number> {
    const { standing, name } = state;
    switch (standing.phase) {
      case 'progressing':
        return this.#verdict(state, view);
      case 'paused': {
        const closed = this.#closedFor(state);
        const left = closed ?? (standing.resumeAt === null ? Infinity : this.#deadlines.left(state, standing.resumeAt - state.since, opensAt(state.spec)));
        if (left > 0) return Math.min(left, await this.#verdict(state, view));
        // A freeze holds what goes forward, never what goes back.
        if (view.freeze !== null) return this.#verdict(state, view);
        await command(this.#plane, name, { verb: 'time-passed', turn: state.turn, why: 'the pause of the plan is over' }, 'controller');
        this.#again = true;
        return Infinity;
      }
      case 'promoting':
        if (standing.stage !== 'preparing' || view.handover !== null || view.freeze !== null) return Infinity;
        return this.#task('promotion', () => promoteRelease(this.#plane, name));
      case 'rolling-back':
        if (standing.stage !== 'preparing' || view.handover !== null) return Infinity;
        return this.#task('promotion', () => returnToPrevious(this.#plane, name));
      case 'pending': case 'succeeded': case 'rolled-back':
        return Infinity;
    }
  }

  /** Harm ends a planned release at once; the other answers count at a gate only. */
  async #verdict(state: ReleaseState, view: LedgerView): Promise<number> {
    if ((state.spec.steps?.length ?? 0) === 0) return Infinity;
    const gate = state.standing.phase === 'progressing' ? gateAt(state.spec, state.standing.step) : null;
    const left = gate === null ? Infinity : (this.#closedFor(state) ?? this.#deadlines.left(state, gate.forMs, opensAt(state.spec)));
    const isUp = left <= 0 && view.freeze === null;
    const verdict = this.#options.verdicts.judge(state, isUp && gate?.unclear === 'pause');
    const why = verdict?.reasons.join('; ') ?? 'nothing measures this release';
    if (verdict?.answer === 'harm') {
      await command(this.#plane, state.name, { verb: 'harm', why }, 'controller', verdict);
      this.#again = true;
    } else if (isUp && verdict?.answer === 'go') {
      await command(this.#plane, state.name, { verb: 'go', turn: state.turn, why }, 'controller', verdict);
      this.#again = true;
    } else if (isUp && gate?.unclear === 'pause') {
      // Time is up: only a clear yes goes on. No data, or an open question, is held for a person.
      await command(this.#plane, state.name, { verb: 'no-verdict', turn: state.turn, why }, 'controller', verdict ?? undefined);
      this.#again = true;
    }
    return left > 0 ? Math.min(LOOK_MS, left) : LOOK_MS;
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

  /** Runs `body` unless it runs already, and later again if it failed. Returns when to look next. */
  #task(name: string, body: () => Promise<void>): number {
    if (this.#tasks.has(name)) return Infinity;
    const failure = this.#failures.get(name);
    const wait = (failure?.until ?? 0) - this.#plane.clock.monotonic();
    if (wait > 0) return wait;
    const done = body().then(
      () => this.#failures.delete(name),
      (error: unknown) => {
        const count = (failure?.count ?? 0) + 1;
        this.#failures.set(name, { count, until: this.#plane.clock.monotonic() + Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** count) });
        this.#options.onFault(name, error);
      },
    ).then(() => {
      this.#tasks.delete(name);
      this.wake();
    });
    this.#tasks.set(name, { done });
    return Infinity;
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
      else next = Math.min(next, this.#task(`retire ${id}`, () => (role === 'stable' ? this.#plane.effects.retireStable(service, version) : this.#plane.effects.retireVersion(service, version))));
    }
    return next;
  }
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
