// A place in one growing log file that is turned over now and then: the lines since the last look. Knows no other file.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

import { rotated } from './place.ts';
import { droppedIn } from './rotate.ts';

const CHUNK_BYTES = 256 * 1024;
/** How far back the first lines are looked for. */
const BACK_BYTES = 4 * 1024 * 1024;
/** A rotation takes milliseconds from the cut to the new name. */
const PATIENCE_LOOKS = 3;
/** A line without an end is cut here, so that a reader's memory stays bounded. */
const LINE_LIMIT_BYTES = 1024 * 1024;

export class Cursor {
  readonly #file: string;
  #offset = 0;
  #partial: Buffer = Buffer.alloc(0);
  #first: number | null;
  /** Which file is the one that was rotated last: another one says that there was a rotation, whatever the sizes. */
  #turned: number | null;
  #waited = 0;

  constructor(file: string, lines: number) {
    this.#file = file;
    this.#turned = inodeOf(rotated(file, 1));
    this.#first = Number.isFinite(lines) ? lines : null;
  }

  get unfinished(): string { return this.#partial.toString('utf8'); }

  /** The complete lines since the last call. */
  read(): readonly string[] {
    const size = sizeOf(this.#file);
    if (size === null) return [];
    if (this.#first !== null) return this.#begin(size, this.#first);
    const turned = inodeOf(rotated(this.#file, 1));
    if (turned === this.#turned) return size < this.#offset ? this.#wait() : this.#advance(this.#file);
    this.#turned = turned;
    this.#waited = 0;
    const before = this.#finish(rotated(this.#file, 1));
    this.#offset = 0;
    return [...before, ...this.#advance(this.#file)];
  }

  /** Cut, and not yet to be found under its next name; where it stays so, somebody else has cut it. */
  #wait(): readonly string[] {
    this.#waited += 1;
    if (this.#waited < PATIENCE_LOOKS) return [];
    this.#waited = 0;
    this.#offset = 0;
    return this.#advance(this.#file);
  }

  /** The rest of what was turned over; of a flood its beginning may be missing there, which its first line says. */
  #finish(file: string): string[] {
    const note = droppedIn(readAt(file, 0));
    const at = note === null ? this.#offset : this.#offset - note.bytes + note.length;
    this.#offset = Math.max(0, at);
    const isCut = note !== null && at < note.length;
    if (isCut) this.#offset = 0;
    const unfinished = isCut && this.#partial.length > 0 ? [this.unfinished] : [];
    if (isCut) this.#partial = Buffer.alloc(0);
    return [...unfinished, ...this.#advance(file)];
  }

  #begin(size: number, lines: number): readonly string[] {
    this.#first = null;
    this.#offset = Math.max(0, size - BACK_BYTES);
    const cut = this.#offset > 0;
    const all = this.#advance(this.#file);
    return lines === 0 ? [] : (cut ? all.slice(1) : all).slice(-lines);
  }

  #advance(file: string): string[] {
    const lines: string[] = [];
    for (let bytes = readAt(file, this.#offset); bytes.length > 0; bytes = readAt(file, this.#offset)) {
      this.#offset += bytes.length;
      this.#split(bytes, lines);
    }
    return lines;
  }

  #split(bytes: Buffer, lines: string[]): void {
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      lines.push(Buffer.concat([this.#partial, bytes.subarray(from, end)]).toString('utf8').replace(/\r$/, ''));
      this.#partial = Buffer.alloc(0);
      from = end + 1;
    }
    this.#partial = Buffer.concat([this.#partial, bytes.subarray(from)]);
    if (this.#partial.length <= LINE_LIMIT_BYTES) return;
    lines.push(this.#partial.toString('utf8'));
    this.#partial = Buffer.alloc(0);
  }
}

function sizeOf(file: string): number | null {
  return withFile(file, (fd) => fstatSync(fd).size);
}

function inodeOf(file: string): number | null {
  return withFile(file, (fd) => fstatSync(fd).ino);
}

function readAt(file: string, offset: number): Buffer {
  const bytes = withFile(file, (fd) => {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    return buffer.subarray(0, readSync(fd, buffer, 0, CHUNK_BYTES, offset));
  });
  return bytes ?? Buffer.alloc(0);
}

function withFile<T>(file: string, use: (fd: number) => T): T | null {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return null;
  }
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}
