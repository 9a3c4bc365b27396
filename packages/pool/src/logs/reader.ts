// Reading the workers' logs as lines, and following them over rotations and restarts. Needs no supervisor.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';

import { logPlaces, rotated } from './place.ts';
import type { LogPlace } from './place.ts';

export interface LogLine { readonly service: string; readonly version: string; readonly worker: string; readonly text: string }

export interface LogQuery {
  readonly service?: string;
  readonly version?: string;
  readonly worker?: string;
  /** How many of the present lines of each worker come first. */
  readonly lines: number;
  readonly follow: boolean;
  readonly signal?: AbortSignal;
}

const LOOK_EVERY_MS = 200;
const CHUNK_BYTES = 256 * 1024;
/** How far back the first lines are looked for. */
const BACK_BYTES = 4 * 1024 * 1024;
/** A line without an end is cut here, so that a reader's memory stays bounded. */
const LINE_LIMIT_BYTES = 1024 * 1024;

export async function* readLogs(folder: string, query: LogQuery): AsyncGenerator<LogLine> {
  const cursors = new Map<string, Cursor>();
  for (let first = true; ; first = false) {
    for (const place of logPlaces(folder).filter((one) => isWanted(one, query))) {
      const known = cursors.get(place.file);
      // A log that appears while we follow is read from its beginning.
      const cursor = known ?? new Cursor(place.file, first ? query.lines : Infinity);
      if (known === undefined) cursors.set(place.file, cursor);
      for (const text of cursor.read()) yield { service: place.service, version: place.version, worker: place.worker, text };
    }
    if (!query.follow) {
      for (const [file, cursor] of cursors) yield* rest(folder, file, cursor);
      return;
    }
    if (!await pause(query.signal)) return;
  }
}

/** `worker | text`, or one JSON object; control characters of a worker must not reach the terminal. */
export function formatLine(line: LogLine, json: boolean): string {
  if (json) return JSON.stringify(line);
  // All of C0 and C1 but the tab, and DEL.
  return `${line.worker} | ${line.text.replace(/[\0-\x08\x0a-\x1f\x7f-\x9f]/g, '')}`;
}

function* rest(folder: string, file: string, cursor: Cursor): Generator<LogLine> {
  const place = logPlaces(folder).find((one) => one.file === file);
  const text = cursor.unfinished;
  if (place !== undefined && text !== '') yield { service: place.service, version: place.version, worker: place.worker, text };
}

function isWanted(place: LogPlace, query: LogQuery): boolean {
  return (query.service ?? place.service) === place.service && (query.version ?? place.version) === place.version && (query.worker ?? place.worker) === place.worker;
}

async function pause(signal: AbortSignal | undefined): Promise<boolean> {
  if (signal?.aborted === true) return false;
  try {
    await after(LOOK_EVERY_MS, undefined, signal === undefined ? {} : { signal });
    return true;
  } catch {
    return false;
  }
}

/** A place in one growing file. */
class Cursor {
  readonly #file: string;
  #offset = 0;
  #partial = Buffer.alloc(0);
  #first: number | null;

  constructor(file: string, lines: number) {
    this.#file = file;
    this.#first = Number.isFinite(lines) ? lines : null;
  }

  get unfinished(): string { return this.#partial.toString('utf8'); }

  /** The complete lines since the last call. */
  read(): readonly string[] {
    const size = sizeOf(this.#file);
    if (size === null) return [];
    if (this.#first !== null) return this.#begin(size, this.#first);
    if (size >= this.#offset) return this.#advance(this.#file);
    // Cut meanwhile: what came before the cut is in the rotated file.
    const before = this.#advance(rotated(this.#file, 1));
    this.#offset = 0;
    return [...before, ...this.#advance(this.#file)];
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
