// Workers may run as another user than root's supervisor. They then own the sockets' folder and the control socket;
// everything else stays with root. One user for all: forwarding needs every worker to reach every other's socket.

import { chmodSync, chownSync, existsSync } from 'node:fs';

import { StartFailure } from './failure.ts';
import type { RunPaths } from './paths.ts';

export class Ownership {
  readonly #runDir: string;
  readonly #paths: RunPaths;
  readonly #own: number;
  #uid: number | null = null;

  /** `own` is the uid of this process. */
  constructor(runDir: string, paths: RunPaths, own: number) {
    this.#runDir = runDir;
    this.#paths = paths;
    this.#own = own;
  }

  /** Makes room for workers of this user; throws when those of another user are there already. */
  admit(uid: number | null): void {
    const wanted = uid ?? this.#own;
    if (this.#uid === wanted) return;
    if (this.#uid !== null) {
      throw new StartFailure({ reason: 'bad-spec', message: `workers of user ${this.#uid} and of user ${wanted} cannot forward to each other`, cure: 'give all versions on this machine the same `user`' });
    }
    this.#uid = wanted;
    this.apply();
  }

  /** Again when the control socket has been opened anew. */
  apply(): void {
    if (this.#uid === null || this.#uid === this.#own) return;
    // Others may pass through, but list nothing.
    chmodSync(this.#runDir, 0o711);
    for (const path of [this.#paths.sockets, this.#paths.control]) if (existsSync(path)) chownSync(path, this.#uid, -1);
  }
}
