// A side file with the last acknowledged revision. A write-ahead log that lost its tail reads as a shorter, healthy one;
// only something outside of it can tell. It must not know what is stored.

import { closeSync, constants, openSync, readFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** Fixed width, so that each write replaces the one before in one piece. */
const DIGITS = 16;

export class RevisionMark {
  readonly #file: string | null;
  #descriptor: number | null = null;

  /** Null marks nothing: a store in memory has no file to lose. */
  constructor(file: string | null) {
    this.#file = file;
  }

  /** The revision in the file, or 0 when there is none to believe. */
  read(): number {
    if (this.#file === null) return 0;
    let text: string;
    try {
      text = readFileSync(this.#file, 'latin1');
    } catch {
      return 0;
    }
    const [digits = '', sum = ''] = text.trimEnd().split(' ');
    return digits.length === DIGITS && sum === sumText(digits) ? Number(digits) : 0;
  }

  /**
   * Called after the commit is on disk. Not synced: after a power cut the mark may be behind, which only weakens the check,
   * and it can never be ahead.
   */
  write(revision: number): void {
    if (this.#file === null) return;
    this.#descriptor ??= openSync(this.#file, constants.O_WRONLY | constants.O_CREAT, 0o600);
    const digits = String(revision).padStart(DIGITS, '0');
    writeSync(this.#descriptor, `${digits} ${sumText(digits)}\n`, 0, 'latin1');
  }

  close(): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }
}

function sumText(digits: string): string {
  return crc32(digits).toString(16).padStart(8, '0');
}
