// Whether the file that was opened still stands where it was: SQLite writes on into a file that was deleted or moved away,
// and every commit would be acknowledged and lost. It must not know what is written.

import { statSync } from 'node:fs';
import { StoreError } from '../errors.ts';

export class StandingFile {
  readonly #file: string | null;
  readonly #identity: string | null;

  /** Null stands nowhere and is never gone. */
  constructor(file: string | null) {
    this.#file = file;
    this.#identity = file === null ? null : identityOf(file);
  }

  /** Throws StoreError `io`. It passes when the file is put back. */
  check(): void {
    if (this.#file === null || this.#identity === null || identityOf(this.#file) === this.#identity) return;
    throw new StoreError('io', `${this.#file} was moved or deleted while it is in use, so that nothing more can be kept in it. Put it back, or save what it holds: graylane backup FILE, then graylane down and graylane restore FILE`);
  }
}

/** Null where files cannot be told apart. */
function identityOf(file: string): string | null {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found === undefined || found.ino === 0n ? null : `${found.dev}:${found.ino}`;
}
