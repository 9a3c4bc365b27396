// The supervisor's side of its anchor: takes over the sockets that are left, hands on those it opens,
// and starts a new anchor when the old one is killed.

import { spawn } from 'node:child_process';
import path from 'node:path';

import type { BoundHandle } from '../os/bind.ts';
import type { Keeper } from '../slots.ts';
import { ACTIVATED_VARIABLE, INHERITANCE_VARIABLE, parseInheritance, TASK_VARIABLE } from './notes.ts';
import type { NoteToAnchor, SupervisorCommand, Task } from './notes.ts';

/** As much of a process as can be told things: this one (its parent is the anchor) or a child. */
interface Channel {
  readonly connected: boolean;
  send?: ((message: NoteToAnchor, handle?: never) => boolean) | undefined;
}

const FIRST_HANDLE_DESCRIPTOR = 4;

export class AnchorKeeper implements Keeper {
  readonly #left: Map<string, number>;
  readonly #held = new Map<string, number>();
  readonly #command: SupervisorCommand;
  readonly #onLost: () => void;
  #farewell = false;
  #anchor: Channel;

  /** `command` starts the next supervisor; `onLost` hears that the anchor was killed and replaced. */
  private constructor(command: SupervisorCommand, onLost: () => void) {
    this.#left = new Map(Object.entries(parseInheritance(process.env[INHERITANCE_VARIABLE])));
    Reflect.deleteProperty(process.env, INHERITANCE_VARIABLE);
    this.#command = command;
    this.#onLost = onLost;
    this.#anchor = process;
    process.once('disconnect', () => this.#replaceAnchor());
    // Listening for the anchor's end must not keep a supervisor alive that has nothing left to do.
    process.channel?.unref();
  }

  /** Null when no anchor started this process. */
  static find(command: SupervisorCommand, onLost: () => void): AnchorKeeper | null {
    return process.env[INHERITANCE_VARIABLE] === undefined || process.send === undefined ? null : new AnchorKeeper(command, onLost);
  }

  get listens(): boolean { return process.env[ACTIVATED_VARIABLE] !== undefined; }

  /** Whether an earlier supervisor has left sockets. */
  get inherits(): boolean { return this.#left.size > 0; }

  take(key: string): number | null {
    const fd = this.#left.get(key);
    if (fd === undefined) return null;
    this.#left.delete(key);
    this.#held.set(key, fd);
    return fd;
  }

  keep(key: string, handle: BoundHandle): void {
    this.#held.set(key, handle.fd);
    this.#send({ anchor: 'keep', key }, handle);
  }

  drop(key: string): void {
    this.#held.delete(key);
    this.#send({ anchor: 'drop', key });
  }

  /** From now on the anchor restarts this process when it dies. */
  standing(): void {
    this.#send({ anchor: 'standing' });
  }

  /** The end is wanted. Resolves when the anchor knows, so that the process may exit. */
  async goodbye(code: number): Promise<void> {
    this.#farewell = true;
    await new Promise<void>((resolve) => {
      if (!this.#anchor.connected) resolve();
      else this.#send({ anchor: 'goodbye', code }, undefined, resolve);
    });
  }

  #send(note: NoteToAnchor, handle?: BoundHandle, done: () => void = () => undefined): void {
    if (!this.#anchor.connected || this.#anchor.send === undefined) {
      done();
      return;
    }
    // Node sends raw handles, though its types name only those it wraps.
    const send = this.#anchor.send.bind(this.#anchor) as (note: NoteToAnchor, handle: BoundHandle | undefined, done: () => void) => boolean;
    send(note, handle, done);
  }

  /** The new one inherits every socket and watches this process by its channel. */
  #replaceAnchor(): void {
    if (this.#farewell) return;
    // systemd holds the sockets and restarts the anchor, which starts the next supervisor; two of them must not meet.
    if (process.env[ACTIVATED_VARIABLE] !== undefined) process.exit(0);
    const handles: Record<string, number> = {};
    const descriptors: number[] = [];
    for (const [key, fd] of this.#held) {
      handles[key] = FIRST_HANDLE_DESCRIPTOR + descriptors.length;
      descriptors.push(fd);
    }
    const task: Task = { ...this.#command, handles };
    const anchor = spawn(process.execPath, [...process.execArgv, successorFile()], {
      detached: true,
      stdio: ['inherit', 'inherit', 'inherit', 'ipc', ...descriptors],
      env: { ...process.env, [TASK_VARIABLE]: JSON.stringify(task) },
    });
    anchor.once('error', () => undefined);
    anchor.once('exit', () => this.#replaceAnchor());
    anchor.unref();
    anchor.channel?.unref();
    this.#anchor = anchor;
    this.#onLost();
  }
}

/** Runs from source in tests and from the build in the product. */
function successorFile(): string {
  return path.join(import.meta.dirname, `successor${path.extname(import.meta.filename)}`);
}
