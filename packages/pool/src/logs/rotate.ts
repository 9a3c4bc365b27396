// Rotating one log while its worker goes on writing into the same descriptor: what is there is copied away and the file
// cut to nothing. The worker writes in append mode, so its next line lands at the new beginning.

import { closeSync, fstatSync, ftruncateSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

import { rotated } from './place.ts';

export interface RotationPlan {
  /** A file is rotated when it is larger, or older, than this. */
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  /** Rotated files kept beside the present one. */
  readonly keep: number;
}

/** 60 MiB per worker, a week at most in one file. */
export const DEFAULT_ROTATION: RotationPlan = { maxBytes: 10 * 1024 * 1024, maxAgeMs: 7 * 24 * 3600 * 1000, keep: 5 };

const CHUNK_BYTES = 1024 * 1024;
const NOTE_LIMIT_BYTES = 256;
/** Rounds of catching up with a busy writer; what it writes after the last one stays in the file. */
const CATCH_UP_ROUNDS = 8;

/**
 * Moves the content of `file` to `file`.1, older ones one step back. Of a file that outgrew `maxBytes` more than twice
 * between two looks only the end is kept, and a line says how much was dropped: a flood may cost lines, never the disk.
 * Between the last look at the size and the cut lie microseconds; a line written right there is lost.
 */
export async function rotate(file: string, plan: RotationPlan): Promise<void> {
  const source = openSync(file, 'r+');
  const next = `${file}.new`;
  try {
    const target = await open(next, 'w', 0o640);
    try {
      const size = fstatSync(source).size;
      const from = size > 2 * plan.maxBytes ? lineAfter(source, size - plan.maxBytes) : 0;
      if (from > 0) await target.write(`[graylane: ${from} bytes dropped, the worker wrote faster than ${plan.maxBytes} bytes in a turn]\n`);
      const copied = await copy(source, target, from, size);
      // From here on without a pause, so that as little as possible can be written in between.
      catchUp(source, target.fd, copied);
      ftruncateSync(source, 0);
    } finally {
      await target.close();
    }
  } finally {
    closeSync(source);
  }
  shift(file, plan.keep);
  renameSync(next, rotated(file, 1));
}

/** What such a line says, and how long it is; null where nothing was dropped. */
export function droppedIn(begin: Buffer): { readonly bytes: number; readonly length: number } | null {
  const note = /^\[graylane: (\d+) bytes dropped, .*\n/.exec(begin.toString('latin1', 0, NOTE_LIMIT_BYTES));
  return note === null ? null : { bytes: Number(note[1]), length: note[0].length };
}

/** Where the first whole line from `at` on begins; `at` itself in a line without an end. */
function lineAfter(source: number, at: number): number {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  const end = buffer.subarray(0, readSync(source, buffer, 0, CHUNK_BYTES, at - 1)).indexOf(10);
  return end < 0 ? at : at + end;
}

async function copy(source: number, target: FileHandle, from: number, to: number): Promise<number> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let at = from;
  while (at < to) {
    const read = readSync(source, buffer, 0, Math.min(CHUNK_BYTES, to - at), at);
    if (read === 0) break;
    await target.write(buffer, 0, read);
    at += read;
  }
  return at;
}

function catchUp(source: number, target: number, from: number): void {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let at = from;
  for (let round = 0; round < CATCH_UP_ROUNDS; round++) {
    const read = readSync(source, buffer, 0, CHUNK_BYTES, at);
    if (read === 0) return;
    writeSync(target, buffer, 0, read);
    at += read;
  }
}

function shift(file: string, keep: number): void {
  rmSync(rotated(file, keep), { force: true });
  for (let age = keep - 1; age >= 1; age--) {
    try {
      renameSync(rotated(file, age), rotated(file, age + 1));
    } catch {
      // There were fewer so far.
    }
  }
}
