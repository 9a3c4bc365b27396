// Replacing a file so that a reader sees the old or the new text, never a part, also after a SIGKILL.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';

import { errno } from './failure.ts';

export function replaceFile(file: string, text: string, mode: number): void {
  // The pid keeps two processes apart that write the same file during a hand-over.
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, text, { mode });
  renameSync(fresh, file);
}

/** Null when there is no such file. */
export function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (errno(error) === 'ENOENT') return null;
    throw error;
  }
}
