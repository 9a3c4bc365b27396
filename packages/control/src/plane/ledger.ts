// Reads and writes of the control plane's state: a strategy, its releases and the events of a change, all in one commit.
// It must not know what a change means, nor who is told.

import type { StrategyDocument } from '@graylane/rules';
import type { Api } from '@graylane/wire';
import type { Clock } from '../clock.ts';
import { allStates } from '../release/effective.ts';
import type { ReleaseState } from '../release/state.ts';
import { isOver } from '../release/state.ts';
import type { Condition, Entry, Store, Write } from '../store/store.ts';
import { LIST_LIMIT } from '../store/store.ts';
import { EVENTS_LIMIT, HISTORY_LIMIT, OVER_LIMIT, keys } from '../strategy/record.ts';
import type { Handover, StrategyRecord } from '../strategy/record.ts';

export type StoredEvent = Omit<Api<'Event'>, 'at'> & { readonly at: number };
export type NewEvent = Omit<StoredEvent, 'seq' | 'at' | 'revision' | 'generation'>;

/** Everything at one moment; a change is built on it and fails if it moved meanwhile. */
export interface LedgerView {
  readonly record: StrategyRecord;
  readonly releases: ReadonlyMap<string, ReleaseState>;
  readonly applied: StrategyDocument;
  readonly handover: Handover | null;
  readonly freeze: string | null;
  /** The store's revision of each key that was read. */
  readonly read: ReadonlyMap<string, number>;
}

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
/** How many old entries one commit drops, so that trimming is spread over the commits that fill. */
const TRIM_STEP = 8;

export class Ledger {
  readonly #store: Store;
  readonly #clock: Clock;
  /** Parsed values by key, believed only for the revision that they were parsed of. */
  readonly #parsed = new Map<string, { readonly revision: number; readonly value: unknown }>();
  #known: LedgerView | null = null;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** The last view that could be read. */
  get known(): LedgerView | null {
    return this.#known;
  }

  /** Null before the first strategy. */
  async view(): Promise<LedgerView | null> {
    const entries = new Map<string, Entry | null>();
    for (const key of [keys.strategy, keys.applied, keys.handover, keys.freeze]) entries.set(key, await this.#store.get(key));
    const releases = await this.#all(keys.releases);
    for (const entry of releases) entries.set(entry.key, entry);
    const record = this.#value(entries.get(keys.strategy)) as StrategyRecord | null;
    if (record === null) return null;
    this.#known = {
      record,
      releases: allStates(record.document, releases.map((entry) => this.#value(entry) as ReleaseState), record.at),
      applied: (this.#value(entries.get(keys.applied)) as StrategyDocument | null) ?? record.document,
      handover: this.#value(entries.get(keys.handover)) as Handover | null,
      freeze: this.#value(entries.get(keys.freeze)) as string | null,
      read: new Map([...entries].map(([key, entry]) => [key, entry?.revision ?? 0])),
    };
    return this.#known;
  }

  /** Whether nothing was committed since `view` was read. */
  async stands(view: LedgerView): Promise<boolean> {
    return (await this.#store.get(keys.strategy))?.revision === view.read.get(keys.strategy);
  }

  /** The first strategy: revision 1. */
  async seed(document: StrategyDocument, releases: ReadonlyMap<string, ReleaseState>, generation: number, who: string): Promise<Written> {
    const record: StrategyRecord = { revision: 1, generation, document, at: this.#clock.now(), who, why: 'the first strategy' };
    const event: NewEvent = { kind: 'strategy', subject: 'strategy', from: '', to: 'revision 1', who, why: record.why };
    const planned = [...releases.values()].map(({ name, standing, why }): NewEvent => ({ kind: 'release', subject: name, from: '', to: standing.phase, who, why }));
    const draft: Draft = { document, publish: true, releases, applied: document, who, why: record.why, events: [event, ...planned.slice(0, SEED_EVENTS)] };
    return this.#commit([{ key: keys.strategy, revision: 0 }], record, draft);
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
    return this.#commit(touched.map((key) => ({ key, revision: view.read.get(key) ?? 0 })), next, draft);
  }

  /** Raises the generation to `floor`: data planes know a later one than the store, as after a restore. */
  async raiseGeneration(view: LedgerView, floor: number): Promise<Written> {
    const why = `data planes had generation ${floor - 1} already`;
    const record = { ...view.record, generation: floor };
    const event: NewEvent = { kind: 'store', subject: 'generation', from: String(view.record.generation), to: String(floor), who: 'controller', why };
    return this.#commit([{ key: keys.strategy, revision: view.read.get(keys.strategy) ?? 0 }], record, { publish: true, who: 'controller', why, events: [event] });
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

  async #commit(conditions: readonly Condition[], record: StrategyRecord, draft: Draft): Promise<Written> {
    const first = (await this.#newestEvent()) + 1;
    const at = this.#clock.now();
    const events = draft.events.map((event, index): StoredEvent => ({ ...event, seq: first + index, at, revision: record.revision, generation: record.generation }));
    const writes: Write[] = [
      put(keys.strategy, record),
      ...(draft.document === undefined ? [] : [put(keys.revision(record.revision), record)]),
      ...(draft.applied === undefined ? [] : [put(keys.applied, draft.applied)]),
      ...(draft.handover === undefined ? [] : [put(keys.handover, draft.handover)]),
      ...(draft.freeze === undefined ? [] : [put(keys.freeze, draft.freeze)]),
      ...[...(draft.releases ?? [])].map(([name, state]) => put(keys.release(name), state)),
      ...events.map((event) => put(keys.event(event.seq), event)),
      ...(await this.#trim(draft)),
    ];
    const unused = events.map(({ seq }) => ({ key: keys.event(seq), revision: 0 }));
    const result = await this.#store.commit([...conditions, ...unused], writes);
    return result.ok ? { record } : null;
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

  /** Drops the oldest beyond the limits, a few at a time. */
  async #trim(draft: Draft): Promise<readonly Write[]> {
    const old = [
      ...(await this.#oldest(keys.events, EVENTS_LIMIT)),
      ...(draft.document === undefined ? [] : await this.#oldest(keys.history, HISTORY_LIMIT)),
      ...(draft.releases === undefined ? [] : await this.#oldestOver(draft.releases)),
    ];
    return old.map((key) => ({ key, value: null }));
  }

  /** Numbers under a prefix have no gaps, so that first and last tell how many there are. */
  async #oldest(prefix: string, limit: number): Promise<readonly string[]> {
    const [newest] = await this.#store.list(prefix, { reverse: true, limit: 1 });
    if (newest === undefined || Number(newest.key.slice(prefix.length)) < limit) return [];
    const oldest = await this.#store.list(prefix, { limit: TRIM_STEP });
    const floor = Number(newest.key.slice(prefix.length)) - limit;
    return oldest.map(({ key }) => key).filter((key) => Number(key.slice(prefix.length)) <= floor);
  }

  async #oldestOver(touched: ReadonlyMap<string, ReleaseState | null>): Promise<readonly string[]> {
    const states = (await this.#store.list(keys.releases, { limit: LIST_LIMIT })).map((entry) => JSON.parse(entry.value) as ReleaseState);
    const over = states.filter((state) => isOver(state) && !touched.has(state.name)).sort((a, b) => a.since - b.since);
    return over.slice(0, Math.min(TRIM_STEP, Math.max(0, over.length - OVER_LIMIT))).map(({ name }) => keys.release(name));
  }

  /** What this class wrote itself, so that its type is known to whoever names the key. */
  #value(entry: Entry | null | undefined): unknown {
    if (entry === null || entry === undefined) return null;
    const known = this.#parsed.get(entry.key);
    if (known?.revision === entry.revision) return known.value;
    const value: unknown = JSON.parse(entry.value);
    this.#parsed.set(entry.key, { revision: entry.revision, value });
    return value;
  }
}

function put(key: string, value: unknown): Write {
  return { key, value: value === null ? null : JSON.stringify(value) };
}
