// Reads a config or strategy file into a plain document, with a way back from a JSON pointer to its place in the text.

import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import { exit, Failure, type Place, type Problem } from '../print/failure.ts';
import { importConfig } from './import.ts';

/** A strategy of 10,000 releases has about 5 MB; a file beyond this is no strategy. */
const FILE_LIMIT_BYTES = 32 * 1024 * 1024;

export interface SourceDocument {
  readonly file: string;
  readonly value: unknown;
  /** The place of a JSON pointer's value, as exact as the kind of file allows. */
  place(pointer: string): Place;
}

/** Throws Failure with all syntax errors of the file at once. */
export async function readDocument(file: string): Promise<SourceDocument> {
  const kind = extname(file);
  if (kind === '.ts' || kind === '.js' || kind === '.mjs' || kind === '.mts') return importDocument(file);
  if (kind === '.json' || kind === '.yaml' || kind === '.yml') {
    const text = await readText(file);
    return (kind === '.json' ? parseLarge(file, text) : null) ?? parseText(file, text);
  }
  throw new Failure({ code: 'GL0004', message: `${file} is of no known kind`, fix: 'name a .ts, .js, .mjs, .json, .yaml or .yml file' }, exit.usage);
}

async function readText(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw new Failure({ code: 'GL0002', message: `${file} cannot be read`, cause: reason(error), fix: 'name a file that is there and that this user may read' }, exit.usage, error);
  }
  if (bytes.length > FILE_LIMIT_BYTES) {
    throw new Failure({ code: 'GL0005', message: `${file} has ${bytes.length} bytes, more than the limit of ${FILE_LIMIT_BYTES}`, fix: 'split lists of users into tags that the app sets' }, exit.usage);
  }
  return bytes.toString('utf8');
}

async function importDocument(file: string): Promise<SourceDocument> {
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await importConfig(file);
  } catch (error) {
    const frame = error instanceof Error && error.stack !== undefined ? /:(\d+)\n(.*)\n/.exec(error.stack) : null;
    const place: Place = frame?.[1] === undefined || frame[2] === undefined ? { file } : { file, line: Number(frame[1]), text: frame[2] };
    throw new Failure({ code: 'GL0006', message: 'the config file does not load', place, cause: reason(error), fix: loadFix(error) }, exit.usage, error);
  }
  if (module['default'] === undefined) {
    throw new Failure({ code: 'GL0007', message: `${file} has no default export`, fix: 'write: export default defineConfig({ … })' }, exit.usage);
  }
  return { file, value: module['default'], place: (pointer) => ({ file, pointer }) };
}

/** By the codes that Node gives its errors. */
function loadFix(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ERR_MODULE_NOT_FOUND': return 'correct the import, or install what it names beside the config file';
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX': return 'Node only takes types away: write an object with `as const` for an enum, and leave out namespaces and parameter properties';
    default: return 'correct it: Node must be able to import the file';
  }
}

/** A long list of users has a million nodes, each of which would get an object with its place: places are looked up when somebody asks. */
const LARGE_CHARACTERS = 1_000_000;

/** Null for what is not large, or not JSON: the parser with places says what is wrong. */
function parseLarge(file: string, text: string): SourceDocument | null {
  if (text.length < LARGE_CHARACTERS) return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  let placed: SourceDocument | null = null;
  return { file, value, place: (pointer) => (placed ??= parseText(file, text)).place(pointer) };
}

function parseText(file: string, text: string): SourceDocument {
  const lines = new LineCounter();
  const rows = text.split('\n');
  // Aliases could blow a small file up to gigabytes; a strategy has no use for them.
  const parsed = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, stringKeys: true });
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, text: rows[line - 1] ?? '' };
  };
  if (parsed.errors.length > 0) {
    throw new Failure(parsed.errors.map((error): Problem => ({ code: 'GL0006', place: at(error.pos[0]), ...syntaxError(error.message) })), exit.usage);
  }
  let value: unknown;
  try {
    value = parsed.toJS({ maxAliasCount: 0 });
  } catch (error) {
    throw new Failure({ code: 'GL0006', message: `${file} cannot be read as a document`, cause: reason(error) }, exit.usage, error);
  }
  return { file, value, place: (pointer) => ({ ...(placeOf(parsed, pointer, at) ?? { file }), pointer }) };
}

/** The parser descends into itself, so it meets the end of the stack first. */
function syntaxError(message: string): Pick<Problem, 'message' | 'fix'> {
  return message.includes('call stack') ? { message: 'the document is nested too deep to be read', fix: 'write conditions flatter: two `not` cancel out, an `any` inside an `any` is one `any`' } : { message, fix: 'correct the text there: lists and keys of one level begin in the same column, and what is opened is closed' };
}

function placeOf(parsed: Document, pointer: string, at: (offset: number) => Place): Place | null {
  const keys = pointer.split('/').slice(1).map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  // The nearest existing ancestor: a missing key has no place of its own.
  for (let depth = keys.length; depth >= 0; depth--) {
    const node: unknown = depth === 0 ? parsed.contents : parsed.getIn(keys.slice(0, depth), true);
    if (isNode(node) && node.range) return at(node.range[0]);
  }
  return null;
}

function reason(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}
