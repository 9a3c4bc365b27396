// Ways back that the store could not take down yet: in force, kept for a restart, and stored as soon as that is possible.
// It must not know how they are published, nor where they are kept.

import type { Command } from '../release/transition.ts';
import type { ReleaseState } from '../release/state.ts';

export interface UnstoredCommand {
  readonly name: string;
  readonly order: Command & { readonly verb: 'rollback' | 'harm' };
  readonly who: string;
  readonly evidence?: unknown;
  /** The release's turn that it was said to: it means nothing to a later one. */
  readonly turn: number;
}

/** Where they outlive this process; beside the store, for it is the store that fails. */
export interface Keeping {
  load(): readonly UnstoredCommand[];
  /** Replaces what was kept. Throws when nothing can be kept anywhere. */
  save(commands: readonly UnstoredCommand[]): void;
}

export const NOT_KEPT: Keeping = { load: () => [], save: () => undefined };

export class Unstored {
  readonly #keeping: Keeping;
  readonly #onFault: (what: string, error: unknown) => void;
  /** By release; at most one each, for a way back is not gone twice. */
  readonly #commands = new Map<string, UnstoredCommand>();

  constructor(keeping: Keeping, onFault: (what: string, error: unknown) => void) {
    this.#keeping = keeping;
    this.#onFault = onFault;
  }

  /** Takes up what an earlier process could not store; what was stored all the same, or overtaken, is dropped. */
  resume(states: ReadonlyMap<string, ReleaseState>): void {
    const kept = this.#keeping.load();
    for (const command of kept) if (states.get(command.name)?.turn === command.turn) this.#commands.set(command.name, command);
    if (this.#commands.size < kept.length) this.#save();
  }

  get all(): readonly UnstoredCommand[] {
    return [...this.#commands.values()];
  }

  of(name: string): UnstoredCommand | null {
    return this.#commands.get(name) ?? null;
  }

  add(command: UnstoredCommand): void {
    this.#commands.set(command.name, command);
    this.#save();
  }

  /** It is in the store now. */
  settle(name: string): void {
    if (this.#commands.delete(name)) this.#save();
  }

  /** What is in force: the stored states, with nobody in what was rolled back. */
  inForce(stored: ReadonlyMap<string, ReleaseState>): ReadonlyMap<string, ReleaseState> {
    if (this.#commands.size === 0) return stored;
    return new Map([...stored].map(([name, state]) => {
      const command = this.#commands.get(name);
      return [name, command?.turn === state.turn ? { ...state, why: command.order.why, standing: { phase: 'rolled-back' } } : state];
    }));
  }

  #save(): void {
    try {
      this.#keeping.save(this.all);
    } catch (error) {
      this.#onFault('keep a rollback for a restart', error);
    }
  }
}
