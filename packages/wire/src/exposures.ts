// Adds up how requests ended, on the way into a CountsMessage. Pure: it is told, and knows neither sockets nor time.

import type { Decision, Snapshot } from '@graylane/rules';
import { LATENCY_EDGES_SECONDS } from './messages.ts';
import type { Exposure, UsersSeen } from './messages.ts';

/** What requests have in common that are counted together, whatever was asked and however it ended. Compared by identity. */
export interface Subject extends Pick<Exposure, 'generation' | 'lane' | 'version' | 'arm' | 'of'> {
  /** It counts the requests of another subject once more, for one more release. */
  readonly again: boolean;
}

/** What a data plane has to send; both may be empty. */
export interface Exposures {
  readonly exposures: readonly Exposure[];
  readonly users: readonly UsersSeen[];
}

/** Kinds of requests between two messages: a strategy has few, and clients can make none up (methods and statuses are closed lists). */
const CELLS_LIMIT = 4_096;
/** Entries of users between two messages, about half a megabyte of text. A user that is left out comes again. */
const USERS_LIMIT = 65_536;
/** Subjects kept to be found again; forgotten ones are made anew, at the cost of a further line in a message. */
const SUBJECTS_LIMIT = 4_096;
/** Over this a request was slow (see {@link UsersSeen}). */
const SLOW_SECONDS = 1;

interface Cell extends Pick<Exposure, 'method' | 'status' | 'end'> { readonly subject: Subject; requests: number; seconds: number; readonly latency: number[]; untimed: number }
interface Users { readonly seen: Set<number>; readonly bad: Set<number>; readonly slow: Set<number> }
/** What was counted of one subject. */
interface Page { last: Cell | null; readonly methods: Map<string, Map<number, Cell>>; users: Users | null }

export class ExposureBook {
  #subjects = new Map<string, Subject>();
  #cells: Cell[] = [];
  #pages = new Map<Subject, Page>();
  #entries = 0;
  /** For what is left untimed when counts are taken. */
  #lastSeconds = 0;

  /** What a request of that decision counts as; `drawn` as {@link drawnReleases} says. */
  subjects(decision: Decision, generation: number, version: string, drawn: ReadonlySet<string>): readonly Subject[] {
    const { lane, arm, armOf, controlOf } = decision;
    const subject = (role: Exposure['arm'], of: string | null, again: boolean): Subject => this.#subject({ generation, lane, version, arm: role, of, again });
    if (arm !== 'control') return [subject(arm, armOf, false)];
    const releases = controlOf.filter((release) => drawn.has(release));
    return releases.length === 0 ? [subject(null, null, false)] : releases.map((release, i) => subject('control', release, i > 0));
  }

  /**
   * One request has ended. `seconds` is null when nobody looked at the clock: the next one of its kind that was timed
   * stands for it. `user` is the bucket of its user in the subject's release, or null.
   */
  count(subject: Subject, method: string, status: number, end: Exposure['end'], seconds: number | null, user: number | null): void {
    let page = this.#pages.get(subject);
    if (page === undefined) this.#pages.set(subject, page = { last: null, methods: new Map(), users: null });
    const { last } = page;
    // Requests of one subject mostly end alike.
    const cell = last?.status === status && last.method === method && last.end === end ? last : this.#cell(page, subject, method, status, end);
    if (cell !== null) {
      cell.requests += 1;
      if (seconds === null) cell.untimed += 1;
      else this.#time(cell, seconds, 1 + cell.untimed);
    }
    if (user !== null && this.#entries < USERS_LIMIT) this.#seen(page, user, status >= 500 || status === 0 || end !== 'complete', (seconds ?? 0) > SLOW_SECONDS);
  }

  /** Everything since the last time. */
  take(): Exposures {
    for (const cell of this.#cells) if (cell.untimed > 0) this.#time(cell, this.#lastSeconds, cell.untimed);
    const exposures = this.#cells.map(({ subject: { again, ...subject }, method, status, end, requests, seconds, latency }): Exposure =>
      ({ ...subject, ...(again ? { again } : {}), method, status, end, requests, seconds, latency }));
    const seen = [...this.#pages].flatMap(([{ generation, of, arm }, { users }]): UsersSeen[] =>
      (users === null || of === null || (arm !== 'treated' && arm !== 'control') ? [] : [{ generation, of, arm, seen: [...users.seen], bad: [...users.bad], slow: [...users.slow] }]));
    this.#cells = [];
    this.#pages = new Map();
    this.#entries = 0;
    return { exposures, users: seen };
  }

  #subject(subject: Subject): Subject {
    const key = [subject.generation, subject.lane ?? '', subject.version, subject.arm ?? '', subject.of ?? '', subject.again].join(' ');
    const known = this.#subjects.get(key);
    if (known !== undefined) return known;
    if (this.#subjects.size >= SUBJECTS_LIMIT) this.#subjects = new Map();
    this.#subjects.set(key, subject);
    return subject;
  }

  #time(cell: Cell, seconds: number, requests: number): void {
    const bucket = bucketOf(seconds);
    cell.seconds += seconds * requests;
    cell.latency[bucket] = (cell.latency[bucket] ?? 0) + requests;
    cell.untimed = 0;
    this.#lastSeconds = seconds;
  }

  /** Null beyond the limit. */
  #cell(page: Page, subject: Subject, method: string, status: number, end: Exposure['end']): Cell | null {
    let kinds = page.methods.get(method);
    if (kinds === undefined) page.methods.set(method, kinds = new Map<number, Cell>());
    const kind = status * ENDS.length + ENDS.indexOf(end);
    const known = kinds.get(kind);
    if (known !== undefined) return page.last = known;
    if (this.#cells.length >= CELLS_LIMIT) return null;
    const cell: Cell = { subject, method, status, end, requests: 0, seconds: 0, untimed: 0, latency: new Array<number>(LATENCY_EDGES_SECONDS.length + 1).fill(0) };
    this.#cells.push(cell);
    kinds.set(kind, cell);
    return page.last = cell;
  }

  #seen(page: Page, user: number, bad: boolean, slow: boolean): void {
    const users = page.users ??= { seen: new Set(), bad: new Set(), slow: new Set() };
    this.#note(users.seen, user);
    if (bad) this.#note(users.bad, user);
    if (slow) this.#note(users.slow, user);
  }

  #note(users: Set<number>, user: number): void {
    const before = users.size;
    users.add(user);
    this.#entries += users.size - before;
  }
}

const ENDS: readonly Exposure['end'][] = ['complete', 'aborted', 'timeout'];

function bucketOf(seconds: number): number {
  let bucket = 0;
  while (bucket < LATENCY_EDGES_SECONDS.length && seconds > (LATENCY_EDGES_SECONDS[bucket] ?? 0)) bucket += 1;
  return bucket;
}

/**
 * Releases that are drawn for somebody. One that stands at 0 % has no control arm worth counting: whoever is out of it
 * now would later be taken for a user who knew the other side.
 */
export function drawnReleases({ releases, undrawn }: Snapshot): ReadonlySet<string> {
  const drawn = new Set(releases);
  for (const name of undrawn) drawn.delete(name);
  return drawn;
}
