// Counts of all machines, each counted once: gathered from data planes, laid down in the store, taken up by every server in one order.
// It must not know what is counted.

import type { CountsMessage } from '@graylane/wire';
import type { Cancel, Clock } from '../clock.ts';
import { LIST_LIMIT } from '../store/store.ts';
import type { Entry, Store, Write } from '../store/store.ts';
import type { ConnectedNode } from './hub.ts';
import type { CountEntry, NodeCounts } from './messages.ts';

/** What one data plane has sent once, told apart by node, boot and number. */
interface Parcel {
  readonly node: string;
  readonly boot: string;
  readonly seq: number;
  readonly entries: readonly CountEntry[];
}

export interface CountersOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly replica: string;
  readonly onFault: (what: string, error: unknown) => void;
}

export type CountSink = (worker: { readonly id: string; readonly service: string }, message: CountsMessage) => void;

/** One commit a second and server, however many machines there are. */
const LAY_DOWN_MS = 1_000;
/** Parcels that wait for the store; data planes keep theirs until they hear that they were counted. */
const WAITING_LIMIT = 20_000;
/** The last two lives of each data plane that we plan for. */
const MARKS_LIMIT = 20_000;
const RETRY_MS = 1_000;
const PREFIX = 'counted/';
const MARKS = 'fleet/marks';
/** What etcd takes in one transaction with its default limits, beside the verdicts. */
const DROPPED_AT_ONCE = 64;

export class Counters {
  readonly #options: CountersOptions;
  readonly #waiting = new Map<string, { readonly parcel: Parcel; counted: () => void }>();
  readonly #ended = new AbortController();
  /** By node and boot: the last number that was counted. */
  #marks = new Map<string, number>();
  /** Laid down and taken up, until a save says that it is in what was saved. */
  #taken = new Set<string>();
  #sink: CountSink | null = null;
  #following: AbortController | null = null;
  #number = 0;
  #laying = false;
  #cancelTimer: Cancel = () => undefined;

  constructor(options: CountersOptions) {
    this.#options = options;
    this.#tick();
  }

  /** From a data plane of this server; `counted` when it will not get lost any more. */
  gather({ hello }: ConnectedNode, { seq, entries }: NodeCounts, counted: () => void): void {
    const key = `${hello.name} ${hello.boot} ${seq}`;
    const known = this.#waiting.get(key);
    if (known !== undefined) known.counted = counted;
    else if (this.#waiting.size < WAITING_LIMIT) this.#waiting.set(key, { parcel: { node: hello.name, boot: hello.boot, seq, entries }, counted });
  }

  /**
   * From now on everything goes to `sink`, beginning with what is in the store and in no save: what the one before knew
   * and had not saved is known again, and nothing is known twice.
   */
  async feed(sink: CountSink): Promise<void> {
    this.#following?.abort();
    this.#sink = sink;
    this.#taken = new Set();
    const marks = await this.#options.store.get(MARKS);
    this.#marks = new Map(marks === null ? [] : (JSON.parse(marks.value) as readonly (readonly [string, number])[]));
    const revision = await this.#options.store.revision();
    for (const { key, value } of await this.#laidDown()) this.#take(key, value);
    const following = new AbortController();
    this.#following = following;
    void this.#follow(revision, following.signal);
  }

  /** What belongs into the commit that saves what the counts have led to: they are in it, and go. */
  beside(): readonly Write[] {
    const gone = [...this.#taken].slice(0, DROPPED_AT_ONCE);
    for (const key of gone) this.#taken.delete(key);
    return [{ key: MARKS, value: JSON.stringify([...this.#marks]) }, ...gone.map((key) => ({ key, value: null }))];
  }

  /** The save that they belonged to has failed. */
  notSaved(writes: readonly Write[]): void {
    for (const { key, value } of writes) if (value === null) this.#taken.add(key);
  }

  stop(): void {
    this.#ended.abort();
    this.#following?.abort();
    this.#cancelTimer();
  }

  #tick(): void {
    this.#cancelTimer = this.#options.clock.after(LAY_DOWN_MS, () => {
      void this.#layDown().finally(() => {
        if (!this.#ended.signal.aborted) this.#tick();
      });
    });
  }

  async #layDown(): Promise<void> {
    if (this.#laying || this.#waiting.size === 0) return;
    this.#laying = true;
    const batch = [...this.#waiting];
    try {
      const key = `${PREFIX}${this.#options.replica}/${String((this.#number += 1)).padStart(12, '0')}`;
      const { ok } = await this.#options.store.commit([{ key, revision: 0 }], [{ key, value: JSON.stringify(batch.map(([, { parcel }]) => parcel)) }]);
      if (!ok) return;
      for (const [id, { counted }] of batch) {
        this.#waiting.delete(id);
        counted();
      }
    } catch (error) {
      this.#options.onFault('lay down counts', error);
    } finally {
      this.#laying = false;
    }
  }

  async #laidDown(): Promise<readonly Entry[]> {
    const entries: Entry[] = [];
    for (let page = await this.#options.store.list(PREFIX); ; page = await this.#options.store.list(PREFIX, { after: entries.at(-1)?.key ?? '' })) {
      entries.push(...page);
      if (page.length < LIST_LIMIT) break;
    }
    // In the order in which they were laid down: a data plane that has moved counts on where it was.
    return entries.sort((a, b) => a.revision - b.revision);
  }

  async #follow(from: number, signal: AbortSignal): Promise<void> {
    let revision = from;
    while (!signal.aborted) {
      try {
        for await (const change of this.#options.store.watch(PREFIX, revision, signal)) {
          revision = change.revision;
          if (change.value !== null) this.#take(change.key, change.value);
          else this.#taken.delete(change.key);
        }
        return;
      } catch (error) {
        if (isAborted(signal)) return;
        this.#options.onFault('take up counts', error);
        await new Promise<void>((resolve) => this.#options.clock.after(RETRY_MS, resolve));
        revision = await this.#catchUp(revision);
      }
    }
  }

  async #catchUp(revision: number): Promise<number> {
    try {
      const newest = await this.#options.store.revision();
      for (const { key, value } of await this.#laidDown()) this.#take(key, value);
      return newest;
    } catch {
      return revision;
    }
  }

  #take(key: string, value: string): void {
    if (this.#taken.has(key)) return;
    this.#taken.add(key);
    for (const { node, boot, seq, entries } of JSON.parse(value) as readonly Parcel[]) {
      const life = `${node} ${boot}`;
      if (seq <= (this.#marks.get(life) ?? 0)) continue;
      this.#mark(life, seq);
      for (const { worker, service, message } of entries) this.#sink?.({ id: `${node}/${worker}`, service }, message);
    }
  }

  #mark(life: string, seq: number): void {
    this.#marks.delete(life);
    this.#marks.set(life, seq);
    const [oldest] = this.#marks.keys();
    if (this.#marks.size > MARKS_LIMIT && oldest !== undefined) this.#marks.delete(oldest);
  }
}

/** In a function, so that the compiler does not take the flag for settled across an await. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
