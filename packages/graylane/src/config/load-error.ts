// Why a config file in TypeScript or JavaScript does not load, and where: from what Node says of it.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Place, Problem } from '../print/failure.ts';

/** Node parses a file in milliseconds; one that hangs says nothing. */
const PARSE_TIMEOUT_MS = 5_000;

/** What keeps `file` from being imported. */
export function loadProblem(file: string, error: unknown): Problem {
  return { code: 'GL0006', message: 'the config file does not load', place: placeIn(file, error), cause: causeOf(error), fix: fixOf(error) };
}

function causeOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}

/** By the codes that Node gives its errors. */
function fixOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ERR_MODULE_NOT_FOUND': return 'correct the import, or install what it names beside the config file';
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX': return 'Node only takes types away: write an object with `as const` for an enum, and leave out namespaces and parameter properties';
    default: return 'correct it: Node must be able to import the file';
  }
}

function placeIn(file: string, error: unknown): Place {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const isSyntax = error instanceof SyntaxError;
  const found = isSyntax ? (framed(stack) ?? framed(parsedAlone(file))) : thrown(stack);
  if (found === null) return { file };
  const text = found.text ?? lineOf(found.file, found.line);
  return { ...found, ...(text === undefined ? {} : { text }) };
}

interface Found {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly text?: string;
}

/** `file:line`, lines of the file, and a line of marks below the one that is meant. */
function framed(text: string): Found | null {
  const [head = '', ...rest] = text.split('\n');
  const place = /^(.+):(\d+)$/.exec(head);
  const marks = rest.findIndex((line) => /^\s*\^+$/.test(line));
  if (place?.[1] === undefined || marks < 1) return null;
  return { file: pathOf(place[1]), line: Number(place[2]), column: (rest[marks]?.indexOf('^') ?? 0) + 1, text: rest[marks - 1] ?? '' };
}

/** The first place of a stack that is in a file of people, not in Node. */
function thrown(stack: string): Found | null {
  const place = /(?:\(|at (?:async )?)((?:file:\/\/|\/)[^\s()]*?):(\d+):(\d+)\)?$/m.exec(stack);
  return place?.[1] === undefined ? null : { file: pathOf(place[1]), line: Number(place[2]), column: Number(place[3]) };
}

/** Of JavaScript Node tells the place only where an error ends the process. */
function parsedAlone(file: string): string {
  return file.endsWith('ts') ? '' : spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: PARSE_TIMEOUT_MS }).stderr;
}

function pathOf(place: string): string {
  return place.startsWith('file://') ? fileURLToPath(new URL(place, pathToFileURL('/'))) : place;
}

function lineOf(file: string, line: number): string | undefined {
  try {
    return readFileSync(file, 'utf8').split('\n')[line - 1];
  } catch {
    // The place says enough without its text.
    return undefined;
  }
}
