// Commands that wait for the store, in a small file of their own, in the first folders that can be written.
// It must not know what they do.

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { Keeping, UnstoredCommand } from '../plane/unstored.ts';

/** `files`, on file systems of which one may be the one that is full: each that can be is written, and each is read. */
export function keptIn(files: readonly string[]): Keeping {
  return {
    load: () => [...new Map(files.flatMap(read).map((command) => [command.name, command])).values()],
    save: (commands) => {
      const failures = files.flatMap((file): unknown[] => {
        try {
          if (commands.length === 0) rmSync(file, { force: true });
          else write(file, JSON.stringify(commands));
          return [];
        } catch (error) {
          return [error];
        }
      });
      // One that could not be taken away says nothing to a release that has moved on.
      if (failures.length === files.length) throw new AggregateError(failures, 'it could be written nowhere');
    },
  };
}

/** A file that makes no sense keeps nobody from starting. */
function read(file: string): readonly UnstoredCommand[] {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(value) ? value.filter(isCommand) : [];
  } catch {
    return [];
  }
}

function isCommand(value: unknown): value is UnstoredCommand {
  if (typeof value !== 'object' || value === null || !('name' in value) || !('order' in value) || !('who' in value) || !('turn' in value)) return false;
  const { order } = value;
  return typeof value.name === 'string' && typeof value.who === 'string' && typeof value.turn === 'number'
    && typeof order === 'object' && order !== null && 'verb' in order && (order.verb === 'rollback' || order.verb === 'harm') && 'why' in order && typeof order.why === 'string';
}

function write(file: string, text: string): void {
  const draft = `${file}.part`;
  try {
    const descriptor = openSync(draft, 'w', 0o600);
    try {
      writeSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
