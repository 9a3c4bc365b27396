// Keeps a running verdict for each live release: counts in as they come, an answer whenever somebody looks.
// It must not know what is done with the answer.

import type { StrategyDocument } from '@graylane/rules';
import type { Api, CountsMessage, Exposure } from '@graylane/wire';
import { createVerdict, observe } from '@graylane/verdict';
import type { Clock } from '../clock.ts';
import { isLive } from '../release/state.ts';
import type { ReleaseState } from '../release/state.ts';
import type { Verdicts, VerdictView } from '../release/verdicts.ts';
import type { Store, Write } from '../store/store.ts';
import { stableOf } from '../strategy/edit.ts';
import { Evidence } from './evidence.ts';
import { metricGuardrails } from './guardrails.ts';
import { treatedShare } from './share.ts';
import { armCounts, armView, configFor, isSettled, isWhole, restored, toStored, verdictOf } from './watched.ts';
import type { StoredWatch, Watch } from './watched.ts';

export interface KeeperOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly onFault: (what: string, error: unknown) => void;
  /** Of one server among several. */
  readonly shared?: SharedKeeping;
}

/** Where several servers keep the same verdicts, one of them stores them, together with the counts that they are made of. */
export interface SharedKeeping {
  readonly saves: boolean;
  /** What belongs into the same commit. */
  readonly beside: () => readonly Write[];
  /** That commit was not done. */
  readonly notSaved: (writes: readonly Write[]) => void;
}

/** The arms of a live release, for people. */
export interface Arms {
  readonly arms: readonly Api<'Arm'>[];
  readonly verdict: VerdictView;
}

const PREFIX = 'verdict/';
/** A verdict holds some hundred kilobytes of users; more releases at once are watched by people. */
const WATCHES_LIMIT = 64;
/** Generations whose counts may still come in. */
const SHARES_LIMIT = 256;
/** What a supervisor's sudden death may forget. Forgotten counts weaken a verdict; counted twice they would falsify it. */
const SAVE_EVERY_MS = 15_000;

export class VerdictKeeper implements Verdicts {
  readonly #options: KeeperOptions;
  readonly #watches = new Map<string, Watch>();
  #savedAt: number;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#savedAt = options.clock.monotonic();
  }

  /** Goes on with what was stored; call it before the first publication. */
  async load(): Promise<void> {
    for (const { key, value } of await this.#options.store.list(PREFIX)) {
      this.#watches.set(key.slice(PREFIX.length), restored(JSON.parse(value) as StoredWatch));
    }
  }

  published(generation: number, document: StrategyDocument, states: ReadonlyMap<string, ReleaseState>): void {
    for (const name of this.#watches.keys()) {
      const state = states.get(name);
      if (state === undefined || !isLive(state)) this.#watches.delete(name);
    }
    const specs = new Map((document.releases ?? []).map((spec) => [spec.name, spec]));
    for (const state of states.values()) {
      if (!isLive(state)) continue;
      const watch = this.#watchOf(state, generation, document);
      if (watch === null) continue;
      watch.shares.set(generation, treatedShare(specs.get(state.name) ?? state.spec));
      for (const old of watch.shares.keys()) if (watch.shares.size > SHARES_LIMIT) watch.shares.delete(old);
    }
  }

  /** What one data plane of `service` counted since its last message. */
  counted(service: string, { exposures, users }: CountsMessage): void {
    for (const exposure of exposures ?? []) {
      const watch = exposure.of === null ? undefined : this.#watches.get(exposure.of);
      if (watch !== undefined && exposure.generation >= watch.since && (exposure.arm === 'treated' || exposure.arm === 'control')) watch.evidence.addRequests(exposure, exposure.arm);
      if (exposure.lane === null && exposure.again !== true) this.#countAsStable(service, exposure);
    }
    for (const seen of users ?? []) {
      const watch = this.#watches.get(seen.of);
      if (watch !== undefined && seen.generation >= watch.since) watch.evidence.addUsers(seen);
    }
  }

  isWatched(name: string): boolean {
    return this.#watches.has(name);
  }

  /** One block of a metric guardrail: the values of both arms at one moment. */
  measured(release: ReleaseState, name: string, treated: number, control: number): void {
    const watch = this.#watches.get(release.name);
    if (watch?.attempt !== release.attempt) return;
    this.#look(watch);
    watch.answer = null;
    watch.state ??= createVerdict(configFor(watch));
    const share = [...watch.shares.values()].at(-1) ?? null;
    if (watch.state.plan.control === 'randomised' && share === null) return;
    watch.state = observe(watch.state, { at: this.#options.clock.now(), share, treated: { units: 0, value: { [name]: treated } }, control: { units: 0, value: { [name]: control } } });
  }

  judge(release: ReleaseState, closing: boolean): VerdictView | null {
    const watch = this.#watches.get(release.name);
    if (watch?.attempt !== release.attempt) return null;
    this.#look(watch);
    this.#saveSometimes();
    if (watch.answer?.closing !== closing) watch.answer = { closing, verdict: verdictOf(watch, closing) };
    return watch.answer.verdict;
  }

  /** Null for a release that nothing watches. */
  compare(release: ReleaseState): Arms | null {
    const verdict = this.judge(release, false);
    const watch = this.#watches.get(release.name);
    if (verdict === null || watch === undefined) return null;
    return { verdict, arms: (['treated', 'control'] as const).map((arm) => armView(arm, watch.evidence)) };
  }

  /** Stores all that is known; also at the end of the process. */
  save(): Promise<void> {
    if (this.#options.shared?.saves === false) return Promise.resolve();
    this.#savedAt = this.#options.clock.monotonic();
    this.#saving = this.#saving.then(() => this.#write()).catch((error: unknown) => this.#options.onFault('store the verdicts', error));
    return this.#saving;
  }

  #saveSometimes(): void {
    if (this.#options.clock.monotonic() - this.#savedAt >= SAVE_EVERY_MS) void this.save();
  }

  async #write(): Promise<void> {
    const stored = await this.#options.store.list(PREFIX);
    const gone = stored.map(({ key }) => key).filter((key) => !this.#watches.has(key.slice(PREFIX.length)));
    for (const watch of this.#watches.values()) this.#look(watch);
    const writes = [...this.#watches].map(([name, watch]) => ({ key: PREFIX + name, value: JSON.stringify(toStored(watch)) }));
    // Counts and users of one moment, in one commit: a user is never counted again after a restart.
    const beside = this.#options.shared?.beside() ?? [];
    try {
      await this.#options.store.commit([], [...writes, ...beside, ...gone.map((key) => ({ key, value: null }))]);
    } catch (error) {
      this.#options.shared?.notSaved(beside);
      throw error;
    }
  }

  /** Other guardrails, or another stable version, are another question: what was seen so far was not seen for it. */
  #watchOf(state: ReleaseState, generation: number, document: StrategyDocument): Watch | null {
    const known = this.#watches.get(state.name);
    const metrics = metricGuardrails(document.guardrails ?? [], state.spec);
    const control = JSON.stringify(Object.entries(stableOf(document, state.spec.versions)).sort());
    const isSame = known?.attempt === state.attempt && JSON.stringify(known.metrics) === JSON.stringify(metrics) && (known.control === control || known.control === '');
    if (isSame) return known;
    if (known === undefined && this.#watches.size >= WATCHES_LIMIT) return null;
    const watch: Watch = {
      attempt: state.attempt, since: generation, evidence: new Evidence(null), shares: new Map(), metrics, state: null, answer: null,
      hasUsers: state.spec.stickyBy?.[0] !== 'request', services: new Set(Object.keys(state.spec.versions)), control,
    };
    this.#watches.set(state.name, watch);
    return watch;
  }

  /** Where the whole audience is in there is nobody to compare with but those who are not of it. */
  #countAsStable(service: string, exposure: Exposure): void {
    for (const watch of this.#watches.values()) {
      if (watch.services.has(service) && exposure.generation >= watch.since && isWhole(watch)) watch.evidence.addRequests(exposure, 'control');
    }
  }

  /** Everything that came in since the last look, in the order of generations. */
  #look(watch: Watch): void {
    if (watch.state === null && !isSettled(watch)) {
      watch.answer = null;
      return;
    }
    for (const { generation, treated, control } of watch.evidence.take()) {
      watch.answer = null;
      watch.state ??= createVerdict(configFor(watch));
      const share = watch.shares.get(generation) ?? null;
      const users = watch.state.plan.guardrails.some((guardrail) => guardrail.kind === 'share' && guardrail.counting === 'users');
      if (watch.state.plan.control === 'randomised' && share === null) continue;
      watch.state = observe(watch.state, { at: this.#options.clock.now(), share, treated: armCounts(treated, users), control: armCounts(control, users) });
    }
  }
}
