// Reads and writes of the control plane's state: a strategy, its releases and the events of a change, all in one commit.
// It must not know what a change means, nor who is told.

import type { StrategyDocument } from '@graylane/rules';
import type { Api } from '@graylane/wire';
import type { Clock } from '../clock.ts';
import type { ReleaseState } from '../release/state.ts';
import type { Condition, Entry, Store } from '../store/store.ts';
import { LIST_LIMIT } from '../store/store.ts';
import { keys } from '../strategy/record.ts';
import type { Handover, StrategyRecord } from '../strategy/record.ts';
import { contentsAfter, revisionAt, SINGLE_KEYS, viewOf } from './contents.ts';
import type { Contents, Held, LedgerView, Put } from './contents.ts';
import { keysToTrim } from './trim.ts';

export type { LedgerView } from './contents.ts';

export type StoredEvent = Omit<Api<'Event'>, 'at'> & { readonly at: number };
export type NewEvent = Omit<StoredEvent, 'seq' | 'at' | 'revision' | 'generation'>;

export interface Draft {
  /** Absent leaves the document, and its revision. */
  readonly document?: StrategyDocument;
  /** True when data planes have to learn of it: a new generation. */
  readonly publish: boolean;
  /** A way back: compiled here and now, whatever waits for its turn elsewhere. */
  readonly isUrgent?: boolean;
  readonly releases?: ReadonlyMap<string, ReleaseState | null>;
  readonly applied?: StrategyDocument;
  readonly handover?: Handover | null;
  readonly freeze?: string | null;
  readonly who: string;
  readonly why: string;
  readonly events: readonly NewEvent[];
}

/** Null when someone else wrote meanwhile: read again. */
export type Written = { readonly record: StrategyRecord } | null;

/** The first strategy may have thousands of releases; an event each is for those that a person reads. */
const SEED_EVENTS = 100;
const NOTHING: Contents = { values: new Map(), newestEvent: 0 };

export class Ledger {
  readonly #store: Store;
  readonly #clock: Clock;
  /** Holds for as long as the strategy's key has the revision that it has in it. */
  #view: LedgerView | null = null;
  #mayHaveMoved = false;
  /** The last commit of this one, settled or not; it never rejects. */
  #committing: Promise<unknown> = Promise.resolve();

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** The last view that could be read. */
  get known(): LedgerView | null {
    return this.#view;
  }

  /** Whether the strategy as of this revision of the store was read or written here. */
  knows(revision: number): boolean {
    return this.#view !== null && !this.#mayHaveMoved && revisionAt(this.#view.contents, keys.strategy) >= revision;
  }

  /** Resolves when what is being written is, or is not. */
  async settled(): Promise<void> {
    await this.#committing;
  }

  /** Null before the first strategy. */
  async view(): Promise<LedgerView | null> {
    const strategy = await this.#store.get(keys.strategy);
    if (strategy === null) return null;
    const known = this.#view;
    if (known !== null && !this.#mayHaveMoved && revisionAt(known.contents, keys.strategy) === strategy.revision) return known;
    return this.#hold(viewOf(await this.#readAll(strategy, known?.contents ?? NOTHING)));
  }

  /** Whether nothing was committed since `view` was read. */
  async stands({ contents }: LedgerView): Promise<boolean> {
    return (await this.#store.get(keys.strategy))?.revision === revisionAt(contents, keys.strategy);
  }

  /** The first strategy: revision 1. */
  async seed(document: StrategyDocument, releases: ReadonlyMap<string, ReleaseState>, generation: number, who: string): Promise<Written> {
    const record: StrategyRecord = { revision: 1, generation, document, at: this.#clock.now(), who, why: 'the first strategy' };
    const event: NewEvent = { kind: 'strategy', subject: 'strategy', from: '', to: 'revision 1', who, why: record.why };
    const planned = [...releases.values()].map(({ name, standing, why }): NewEvent => ({ kind: 'release', subject: name, from: '', to: standing.phase, who, why }));
    const draft: Draft = { document, publish: true, releases, applied: document, who, why: record.why, events: [event, ...planned.slice(0, SEED_EVENTS)] };
    return this.#commit({ ...NOTHING, newestEvent: await this.#newestEvent() }, [keys.strategy], record, draft);
  }

  /** `floor`: the newest generation that was handed out, which may be later than the stored one; a number is given to one content only. */
  async write(view: LedgerView, draft: Draft, floor: number): Promise<Written> {
    const { record } = view;
    const { isUrgent: wasUrgent, ...rest } = record;
    const isUrgent = draft.publish ? draft.isUrgent === true : wasUrgent === true;
    const next: StrategyRecord = {
      ...rest,
      ...(isUrgent ? { isUrgent } : {}),
      ...(draft.document === undefined ? {} : { document: draft.document, revision: record.revision + 1 }),
      ...(draft.publish ? { generation: Math.max(record.generation, floor) + 1 } : {}),
      ...(draft.publish || draft.document !== undefined ? { at: this.#clock.now(), who: draft.who, why: draft.why } : {}),
    };
    const touched = [keys.strategy, ...[...(draft.releases ?? [])].map(([name]) => keys.release(name)), ...(draft.handover === undefined ? [] : [keys.handover])];
    return this.#commit(view.contents, touched, next, draft);
  }

  /** Raises the generation to `floor`: data planes know a later one than the store, as after a restore. */
  async raiseGeneration(view: LedgerView, floor: number): Promise<Written> {
    const why = `data planes had generation ${floor - 1} already`;
    const record = { ...view.record, generation: floor };
    const event: NewEvent = { kind: 'store', subject: 'generation', from: String(view.record.generation), to: String(floor), who: 'controller', why };
    return this.#commit(view.contents, [keys.strategy], record, { publish: true, who: 'controller', why, events: [event] });
  }

  /** Newest first. */
  async events(options: { readonly before?: number; readonly limit: number }): Promise<readonly StoredEvent[]> {
    const entries = await this.#store.list(keys.events, { reverse: true, limit: options.limit, ...(options.before === undefined ? {} : { after: keys.event(options.before) }) });
    return entries.map((entry) => JSON.parse(entry.value) as StoredEvent);
  }

  /** A past strategy, or null when it is no longer kept. */
  async revision(revision: number): Promise<StrategyRecord | null> {
    const entry = await this.#store.get(keys.revision(revision));
    return entry === null ? null : (JSON.parse(entry.value) as StrategyRecord);
  }

  /** Nothing is written when one of `touched` is no longer as it is in `before`. */
  async #commit(before: Contents, touched: readonly string[], record: StrategyRecord, draft: Draft): Promise<Written> {
    const first = before.newestEvent + 1;
    const at = this.#clock.now();
    const events = draft.events.map((event, index): StoredEvent => ({ ...event, seq: first + index, at, revision: record.revision, generation: record.generation }));
    const puts: Put[] = [
      { key: keys.strategy, value: record },
      ...(draft.document === undefined ? [] : [{ key: keys.revision(record.revision), value: record }]),
      ...(draft.applied === undefined ? [] : [{ key: keys.applied, value: draft.applied }]),
      ...(draft.handover === undefined ? [] : [{ key: keys.handover, value: draft.handover }]),
      ...(draft.freeze === undefined ? [] : [{ key: keys.freeze, value: draft.freeze }]),
      ...[...(draft.releases ?? [])].map(([name, state]) => ({ key: keys.release(name), value: state })),
      ...events.map((event) => ({ key: keys.event(event.seq), value: event })),
      ...(await keysToTrim(this.#store, before, draft)).map((key) => ({ key, value: null })),
    ];
    const conditions: readonly Condition[] = [...touched.map((key) => ({ key, revision: revisionAt(before, key) })), ...events.map(({ seq }) => ({ key: keys.event(seq), revision: 0 }))];
    const committing = this.#store.commit(conditions, puts.map(({ key, value }) => ({ key, value: value === null ? null : JSON.stringify(value) }))).then(({ ok, revision }) => {
      if (ok) this.#hold(viewOf(contentsAfter(before, puts, revision)));
      else this.#mayHaveMoved = true;
      return ok;
    });
    this.#committing = committing.catch(() => undefined);
    return (await committing) ? { record } : null;
  }

  /** Reads overtake each other; the latest commit counts. */
  #hold(view: LedgerView | null): LedgerView | null {
    const isOld = view !== null && this.#view !== null && revisionAt(view.contents, keys.strategy) < revisionAt(this.#view.contents, keys.strategy);
    if (!isOld) {
      this.#view = view;
      this.#mayHaveMoved = false;
    }
    return view;
  }

  /** `strategy` was read before the rest: what is written meanwhile shows in its revision. What is as in `known` is parsed no second time. */
  async #readAll(strategy: Entry, known: Contents): Promise<Contents> {
    const [newestEvent, releases, ...single] = await Promise.all([this.#newestEvent(), this.#all(keys.releases), ...SINGLE_KEYS.map((key) => this.#store.get(key))]);
    const values = new Map<string, Held>();
    for (const entry of [strategy, ...single, ...releases]) {
      if (entry === null) continue;
      const { key, revision, value } = entry;
      const held = known.values.get(key);
      values.set(key, held?.revision === revision ? held : { revision, value: JSON.parse(value) as unknown });
    }
    return { values, newestEvent };
  }

  async #all(prefix: string): Promise<readonly Entry[]> {
    const all: Entry[] = [];
    for (;;) {
      const last = all.at(-1);
      const page = await this.#store.list(prefix, last === undefined ? {} : { after: last.key });
      all.push(...page);
      if (page.length < LIST_LIMIT) return all;
    }
  }

  async #newestEvent(): Promise<number> {
    const [newest] = await this.#store.list(keys.events, { reverse: true, limit: 1 });
    return newest === undefined ? 0 : Number(newest.key.slice(keys.events.length));
  }
}
