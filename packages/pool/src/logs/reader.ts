// Reading the workers' logs as lines, and following them over rotations and restarts. Needs no supervisor.

import { setTimeout as after } from 'node:timers/promises';

import { Cursor } from './cursor.ts';
import { logPlaces } from './place.ts';
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
