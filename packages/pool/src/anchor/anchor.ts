// The anchor: a process so small that it has no reason to die. It holds the listening sockets, starts the supervisor,
// and starts it again with the same sockets whenever it is gone. It carries no traffic and knows no worker.

import type { Clock, Timer } from '../clock.ts';
import { isBoundHandle } from '../os/bind.ts';
import type { BoundHandle } from '../os/bind.ts';
import { parseNote } from './notes.ts';
import type { NoteToAnchor } from './notes.ts';
import type { SupervisorProcess } from './supervisor-process.ts';

export interface AnchorOptions {
  /** Starts a supervisor that inherits these descriptors, by slot key. */
  readonly start: (held: ReadonlyMap<string, number>) => SupervisorProcess;
  readonly clock: Clock;
  /** Descriptors that this process was born with, by slot key. */
  readonly inherited: Readonly<Record<string, number>>;
  /** Gives up one of them. */
  readonly closeInherited: (fd: number) => void;
  /** A supervisor ended unasked: why, and when the next one starts. */
  readonly onRestart: (why: string, delayMs: number) => void;
}

/** A supervisor that was up is started again at once; one that dies while starting waits longer each time. */
const FIRST_DELAY_MS = 50;
const DELAY_CAP_MS = 5_000;
/** What a dead process has said is in the channel already; only somebody else who holds that open could keep it so. */
const LAST_WORDS_MS = 1_000;

/** A held socket: inherited as a number, or received as a handle. */
type Held = { readonly fd: number; readonly handle: BoundHandle | null };

type State =
  /** A supervisor runs that this anchor did not start, and none is to be started yet. */
  | { readonly name: 'watching' }
  | { readonly name: 'starting' | 'standing'; readonly child: SupervisorProcess }
  /** For the next try. */
  | { readonly name: 'waiting'; readonly timer: Timer }
  | { readonly name: 'ended' };

export class Anchor {
  readonly #options: AnchorOptions;
  readonly #held = new Map<string, Held>();
  readonly #ended = Promise.withResolvers<number>();
  #state: State = { name: 'watching' };
  #hasStood: boolean;
  /** Starts in a row that came to nothing. */
  #failures = 0;
  #farewell: number | null = null;
  /** Somebody wants the end; a supervisor that was not up yet may have missed it. */
  #asked: NodeJS.Signals | null = null;

  /** `hasStood`: a supervisor is or was up already, so its end is to be answered with a new one. */
  constructor(options: AnchorOptions, hasStood: boolean) {
    this.#options = options;
    this.#hasStood = hasStood;
    for (const [key, fd] of Object.entries(options.inherited)) this.#held.set(key, { fd, handle: null });
  }

  /** The exit code to end with: the supervisor's own, or the one it said goodbye with. */
  get ended(): Promise<number> { return this.#ended.promise; }

  raise(): void {
    const child = this.#options.start(new Map([...this.#held].map(([key, { fd }]) => [key, fd])));
    this.#state = { name: 'starting', child };
    child.on('message', (message: unknown, handle: unknown) => this.hear(message, handle));
    child.once('error', (error) => this.#fell(error.message, 1));
    child.once('exit', (code, signal) => this.#hearOut(child, () => this.#fell(signal ?? `exit code ${code ?? 1}`, code ?? 1)));
  }

  /** A note from the supervisor, whether this anchor started it or it started this anchor. */
  hear(message: unknown, handle: unknown): void {
    const note = parseNote(message);
    if (note !== null) this.#obey(note, handle);
  }

  /** A supervisor that this anchor did not start is gone. */
  lost(): void {
    this.#fell('its channel closed', 1);
  }

  /** Gives up everything that it holds. */
  release(): void {
    for (const key of [...this.#held.keys()]) this.#drop(key);
  }

  /** What means the end has to reach a supervisor: workers of one that is gone serve on until the next one ends them. */
  signal(name: NodeJS.Signals): void {
    if (name !== 'SIGUSR2') this.#asked = name;
    if ('child' in this.#state) this.#state.child.kill(name);
    else if (this.#state.name === 'waiting' && this.#asked !== null) {
      this.#state.timer.cancel();
      this.raise();
    }
  }

  #obey(note: NoteToAnchor, handle: unknown): void {
    switch (note.anchor) {
      case 'keep':
        if (isBoundHandle(handle)) this.#held.set(note.key, { fd: handle.fd, handle });
        break;
      case 'drop':
        this.#drop(note.key);
        break;
      case 'standing':
        this.#stand();
        break;
      case 'goodbye':
        this.#farewell = note.code;
        break;
    }
  }

  /** Its copy has to go like all others: clients can connect to a socket as long as anybody has it. */
  #drop(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#held.delete(key);
    if (held.handle === null) this.#options.closeInherited(held.fd);
    else held.handle.close();
  }

  #stand(): void {
    this.#hasStood = true;
    this.#failures = 0;
    if (!('child' in this.#state)) return;
    this.#state = { name: 'standing', child: this.#state.child };
    if (this.#asked !== null) this.#state.child.kill(this.#asked);
  }

  /** Its end may be noticed before its last words are: that it was up decides on what its end means. */
  #hearOut(child: SupervisorProcess, next: () => void): void {
    if (!child.connected) {
      next();
      return;
    }
    const late = this.#options.clock.after(LAST_WORDS_MS, next);
    child.once('disconnect', () => {
      late.cancel();
      next();
    });
  }

  #fell(why: string, code: number): void {
    const state = this.#state;
    if ('child' in state) state.child.removeAllListeners();
    if (this.#farewell !== null) this.#end(this.#farewell);
    // One that never came up has said why itself; trying again would only say it again.
    else if (!this.#hasStood) this.#end(code);
    // Nor is there anybody to wait for where the end is wanted, unless the wish itself came too early for it.
    else if (this.#asked !== null && this.#asked !== why && state.name === 'starting') this.#end(code);
    else this.#raiseLater(why, state.name === 'starting');
  }

  #raiseLater(why: string, hasFailed: boolean): void {
    const delayMs = hasFailed ? Math.min(DELAY_CAP_MS, FIRST_DELAY_MS * 2 ** Math.min(this.#failures, 20)) : 0;
    if (hasFailed) this.#failures += 1;
    this.#options.onRestart(why, delayMs);
    this.#state = { name: 'waiting', timer: this.#options.clock.after(delayMs, () => this.raise()) };
  }

  #end(code: number): void {
    this.#state = { name: 'ended' };
    this.#ended.resolve(code);
  }
}
