// Keeps a running verdict for each live release: counts in as they come, an answer whenever somebody looks.
// It must not know what is done with the answer.

import type { CountsMessage } from '@graylane/wire';
import { createVerdict, judge, observe } from '@graylane/verdict';
import type { ArmCounts, Guardrail, MetricGuardrail, State, VerdictConfig } from '@graylane/verdict';
import type { Clock } from '../clock.ts';
import { isLive } from '../release/state.ts';
import type { ReleaseState } from '../release/state.ts';
import type { Verdicts, VerdictView } from '../release/verdicts.ts';
import type { Store } from '../store/store.ts';
import { Evidence } from './evidence.ts';
import type { ArmDelta, StoredEvidence } from './evidence.ts';
import { treatedShare } from './share.ts';

export interface KeeperOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly onFault: (what: string, error: unknown) => void;
  /** Beside the usual two, errors and slow requests. */
  readonly metrics?: readonly MetricGuardrail[];
}

interface Watch {
  readonly attempt: number;
  /** The first generation of this attempt; what an earlier one counted is not about it. */
  readonly since: number;
  readonly evidence: Evidence;
  /** The treated share of each generation, null where there is no one share. */
  readonly shares: Map<number, number | null>;
  state: State | null;
  /** The last answer, until something new comes in: asking is cheap, judging is not. */
  answer: { readonly closing: boolean; readonly verdict: VerdictView } | null;
}

interface StoredWatch {
  readonly attempt: number;
  readonly since: number;
  readonly evidence: StoredEvidence;
  readonly shares: readonly (readonly [number, number | null])[];
  readonly state: State | null;
}

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
      const { attempt, since, evidence, shares, state } = JSON.parse(value) as StoredWatch;
      this.#watches.set(key.slice(PREFIX.length), { attempt, since, state, answer: null, evidence: new Evidence(evidence), shares: new Map(shares) });
    }
  }

  published(generation: number, states: ReadonlyMap<string, ReleaseState>, percents: ReadonlyMap<string, number>): void {
    for (const name of this.#watches.keys()) {
      const state = states.get(name);
      if (state === undefined || !isLive(state)) this.#watches.delete(name);
    }
    for (const state of states.values()) {
      if (!isLive(state)) continue;
      const watch = this.#watchOf(state, generation);
      if (watch === null) continue;
      watch.shares.set(generation, treatedShare({ ...state.spec, percent: percents.get(state.name) ?? 100 }));
      for (const old of watch.shares.keys()) if (watch.shares.size > SHARES_LIMIT) watch.shares.delete(old);
    }
  }

  /** What one data plane counted since its last message. */
  counted({ exposures, users }: CountsMessage): void {
    for (const exposure of exposures ?? []) {
      const watch = exposure.of === null ? undefined : this.#watches.get(exposure.of);
      if (watch !== undefined && exposure.generation >= watch.since) watch.evidence.addRequests(exposure);
    }
    for (const seen of users ?? []) {
      const watch = this.#watches.get(seen.of);
      if (watch !== undefined && seen.generation >= watch.since) watch.evidence.addUsers(seen);
    }
  }

  /** One block of a metric guardrail: the values of both arms at one moment. */
  measured(release: ReleaseState, name: string, treated: number, control: number): void {
    const watch = this.#watches.get(release.name);
    if (watch?.attempt !== release.attempt) return;
    this.#look(watch);
    watch.answer = null;
    watch.state ??= createVerdict(this.#configFor(watch));
    const share = [...watch.shares.values()].at(-1) ?? null;
    if (watch.state.plan.control === 'randomised' && share === null) return;
    watch.state = observe(watch.state, { at: this.#options.clock.now(), share, treated: { units: 0, value: { [name]: treated } }, control: { units: 0, value: { [name]: control } } });
  }

  judge(release: ReleaseState, closing: boolean): VerdictView | null {
    const watch = this.#watches.get(release.name);
    if (watch?.attempt !== release.attempt) return null;
    this.#look(watch);
    this.#saveSometimes();
    if (watch.answer?.closing !== closing) watch.answer = { closing, verdict: verdictOf(watch.state, closing) };
    return watch.answer.verdict;
  }

  /** Stores all that is known; also at the end of the process. */
  save(): Promise<void> {
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
    const writes = [...this.#watches].map(([name, { attempt, since, state, evidence, shares }]) => {
      const value: StoredWatch = { attempt, since, state, evidence: evidence.toStored(), shares: [...shares] };
      return { key: PREFIX + name, value: JSON.stringify(value) };
    });
    // Counts and users of one moment, in one commit: a user is never counted again after a restart.
    await this.#options.store.commit([], [...writes, ...gone.map((key) => ({ key, value: null }))]);
  }

  #watchOf(state: ReleaseState, generation: number): Watch | null {
    const known = this.#watches.get(state.name);
    if (known?.attempt === state.attempt) return known;
    if (known === undefined && this.#watches.size >= WATCHES_LIMIT) return null;
    const watch: Watch = { attempt: state.attempt, since: generation, evidence: new Evidence(null), shares: new Map(), state: null, answer: null };
    this.#watches.set(state.name, watch);
    return watch;
  }

  /** Everything that came in since the last look, in the order of generations. */
  #look(watch: Watch): void {
    for (const { generation, treated, control } of watch.evidence.take()) {
      watch.answer = null;
      watch.state ??= createVerdict(this.#configFor(watch));
      const share = watch.shares.get(generation) ?? null;
      const users = watch.state.plan.guardrails.some((guardrail) => guardrail.kind === 'share' && guardrail.counting === 'users');
      if (watch.state.plan.control === 'randomised' && share === null) continue;
      watch.state = observe(watch.state, { at: this.#options.clock.now(), share, treated: armCounts(treated, users), control: armCounts(control, users) });
    }
  }

  /** Settled by the first counts: whether users are known, and whether there is one share by which they are drawn. */
  #configFor(watch: Watch): VerdictConfig {
    const counting = watch.evidence.knowsUsers ? 'users' as const : 'requests' as const;
    const newest = [...watch.shares.values()].at(-1) ?? null;
    const usual: readonly Guardrail[] = [{ kind: 'share', name: 'errors', counting }, { kind: 'share', name: 'slow', counting }];
    return { guardrails: [...usual, ...(this.#options.metrics ?? [])], control: newest === null ? 'stable' : 'randomised' };
  }
}

const PREFIX = 'verdict/';

function verdictOf(state: State | null, closing: boolean): VerdictView {
  if (state === null) return { answer: closing ? 'inconclusive' : 'waiting', reasons: ['no request of its audience was counted yet'], evidence: [] };
  const { answer, reasons, evidence } = judge(state, { closing });
  return { answer, reasons: reasons.map(({ text }) => text), evidence: evidence.map((one) => ({ ...one })) };
}

function armCounts(delta: ArmDelta, users: boolean): ArmCounts {
  const { requests, failed, slow, badUsers, slowUsers } = delta;
  if (users) return { units: delta.users, fresh: delta.fresh, requests, bad: { errors: badUsers, slow: slowUsers } };
  // Requests of one user come in bursts: how they split between the arms says nothing, so none of them is drawn afresh.
  return { units: requests, fresh: 0, requests, bad: { errors: failed, slow } };
}
