// The anchor: a process so small that it has no reason to die. It holds the listening sockets, starts the supervisor,
// and starts it again with the same sockets whenever it is gone. It carries no traffic and knows no worker.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

import type { Clock, Timer } from '../clock.ts';
import { deferred } from '../deferred.ts';
import { isBoundHandle } from '../os/bind.ts';
import type { BoundHandle } from '../os/bind.ts';
import { INHERITANCE_VARIABLE, parseNote } from './notes.ts';
import type { NoteToAnchor, SupervisorCommand } from './notes.ts';

export interface AnchorOptions extends SupervisorCommand {
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  /** Descriptors that this process was born with, by slot key. */
  readonly inherited: Readonly<Record<string, number>>;
  /** A supervisor ended unasked: why, and when the next one starts. */
  readonly onRestart: (why: string, delayMs: number) => void;
}

/** A supervisor that was up is started again at once; one that dies while starting waits longer each time. */
const FIRST_DELAY_MS = 50;
const DELAY_CAP_MS = 5_000;
/** What a dead process has said is in the channel already; only somebody else who holds that open could keep it so. */
const LAST_WORDS_MS = 1_000;
const FIRST_HANDLE_DESCRIPTOR = 4;

/** A held socket: inherited as a number, or received as a handle. */
type Held = { readonly fd: number; readonly handle: BoundHandle | null };

export class Anchor {
  readonly #options: AnchorOptions;
  readonly #held = new Map<string, Held>();
  readonly #ended = deferred<number>();
  #child: ChildProcess | null = null;
  #restart: Timer | null = null;
  #hasStood: boolean;
  #standing = false;
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
    const handles: Record<string, number> = {};
    const descriptors: number[] = [];
    for (const [key, { fd }] of this.#held) {
      handles[key] = FIRST_HANDLE_DESCRIPTOR + descriptors.length;
      descriptors.push(fd);
    }
    this.#standing = false;
    // A session of its own: Ctrl-C reaches the anchor, which passes it on once.
    const child = spawn(this.#options.command, this.#options.args, {
      env: { ...this.#options.env, [INHERITANCE_VARIABLE]: JSON.stringify({ handles }) },
      detached: true,
      stdio: ['inherit', 'inherit', 'inherit', 'ipc', ...descriptors],
    });
    this.#child = child;
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

  signal(name: NodeJS.Signals): void {
    if (name !== 'SIGUSR2') this.#asked = name;
    if (this.#child?.pid !== undefined) this.#child.kill(name);
    else if (this.#restart !== null) this.#end(1);
  }

  #obey(note: NoteToAnchor, handle: unknown): void {
    switch (note.anchor) {
      case 'keep':
        if (isBoundHandle(handle)) this.#held.set(note.key, { fd: handle.fd, handle });
        break;
      case 'drop':
        this.#held.get(note.key)?.handle?.close();
        this.#held.delete(note.key);
        break;
      case 'standing':
        this.#hasStood = true;
        this.#standing = true;
        this.#failures = 0;
        if (this.#asked !== null) this.#child?.kill(this.#asked);
        break;
      case 'goodbye':
        this.#farewell = note.code;
        break;
    }
  }

  /** Its end may be noticed before its last words are: that it was up decides on what its end means. */
  #hearOut(child: ChildProcess, next: () => void): void {
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
    if (this.#child !== null) this.#child.removeAllListeners();
    this.#child = null;
    if (this.#farewell !== null) this.#end(this.#farewell);
    // One that never came up has said why itself; trying again would only say it again.
    else if (!this.#hasStood) this.#end(code);
    else this.#raiseLater(why);
  }

  #raiseLater(why: string): void {
    const delayMs = this.#standing ? 0 : Math.min(DELAY_CAP_MS, FIRST_DELAY_MS * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    this.#options.onRestart(why, delayMs);
    this.#restart = this.#options.clock.after(delayMs, () => {
      this.#restart = null;
      this.raise();
    });
  }

  #end(code: number): void {
    this.#restart?.cancel();
    this.#ended.resolve(code);
  }
}
