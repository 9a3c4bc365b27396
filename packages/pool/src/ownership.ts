// Workers may run as another user than root's supervisor. They then own the sockets' folder and the control socket;
// everything else stays with root. One user for all: forwarding needs every worker to reach every other's socket.

import { chmodSync, chownSync, existsSync, statSync } from 'node:fs';
import path from 'node:path';

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

  /** Workers that an earlier supervisor has started as this user; they are here, whoever else is. */
  adopt(uid: number | null): void {
    this.#uid ??= uid ?? this.#own;
  }

  /** Again when the control socket has been opened anew. */
  apply(): void {
    if (this.#uid === null || this.#uid === this.#own) return;
    for (const folder of [path.dirname(this.#runDir), this.#runDir]) letThrough(folder, this.#own);
    for (const place of [this.#paths.sockets, this.#paths.control]) if (existsSync(place)) chownSync(place, this.#uid, -1);
  }
}

/** Others may pass through a private folder of ours, but list nothing. */
function letThrough(folder: string, own: number): void {
  const { uid, mode } = statSync(folder);
  if (uid === own && (mode & 0o777) === 0o700) chmodSync(folder, 0o711);
}
