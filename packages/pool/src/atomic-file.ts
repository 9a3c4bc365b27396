// Replacing a file so that a reader sees the old or the new text, never a part, also after a SIGKILL.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { errno } from './failure.ts';

export function replaceFile(file: string, text: string, mode: number): void {
  // The pid keeps two processes apart that write the same file during a hand-over.
  const fresh = `${file}.${process.pid}`;
  // Folders below /tmp are swept away by the system now and then; that must not end a supervisor.
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
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
