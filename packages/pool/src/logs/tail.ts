// The end of a log file as lines. Reads a bounded piece, whatever the file's size.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Enough for a stack trace of some depth. */
const TAIL_BYTES = 16 * 1024;
const TAIL_LINES = 20;

/** The last lines, oldest first; none when the file cannot be read. */
export function lastLines(file: string, count: number = TAIL_LINES): readonly string[] {
  const text = readTail(file, TAIL_BYTES);
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  if (lines.at(-1) === '') lines.pop();
  return lines.slice(-count);
}

function readTail(file: string, limit: number): string {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return '';
  }
  try {
    const size = fstatSync(fd).size;
    const bytes = Buffer.alloc(Math.min(size, limit));
    const read = readSync(fd, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8', 0, read);
  } finally {
    closeSync(fd);
  }
}
