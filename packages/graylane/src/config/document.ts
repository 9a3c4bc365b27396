// Reads a config or strategy file into a plain document, with a way back from a JSON pointer to its place in the text.

import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import { exit, Failure, type Place, type Problem } from '../print/failure.ts';
import { importConfig } from './import.ts';
import { jsonFaults } from './json-syntax.ts';
import { loadProblem } from './load-error.ts';
import { yamlFaults } from './yaml-syntax.ts';

/** A strategy of 10,000 releases has about 5 MB; a file beyond this is no strategy. */
const FILE_LIMIT_BYTES = 32 * 1024 * 1024;

export interface SourceDocument {
  readonly file: string;
  readonly value: unknown;
  place: PlaceOf;
}

/** The place of a JSON pointer's value, or of the key before it, as exact as the kind of file allows. */
export type PlaceOf = (pointer: string, part?: 'key') => Place;

/** Throws Failure with all syntax errors of the file at once. */
export async function readDocument(file: string): Promise<SourceDocument> {
  const kind = extname(file);
  if (kind === '.ts' || kind === '.js' || kind === '.mjs' || kind === '.mts') return importDocument(file);
  if (kind === '.json' || kind === '.yaml' || kind === '.yml') {
    const text = (await readText(file)).replace(/^\uFEFF/, '');
    return (kind === '.json' ? parseJson(file, text) : null) ?? parseText(file, text);
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
    throw new Failure(loadProblem(file, error), exit.usage, error);
  }
  if (module['default'] === undefined) {
    throw new Failure({ code: 'GL0007', message: `${file} has no default export`, fix: 'write: export default defineConfig({ … })' }, exit.usage);
  }
  return { file, value: module['default'], place: (pointer) => ({ file, pointer }) };
}

/** A long list of users has a million nodes, each of which would get an object with its place: places are looked up when somebody asks. */
const LARGE_CHARACTERS = 1_000_000;

/** Null for what is not large: the parser with places reads that. It takes more than JSON, which a file of that name must not hold. */
function parseJson(file: string, text: string): SourceDocument | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const faults = jsonFaults(text);
    if (faults.length > 0) throw syntaxFailure(faults, placesIn(file, text));
    return null;
  }
  if (text.length < LARGE_CHARACTERS) return null;
  let placed: SourceDocument | null = null;
  return { file, value, place: (pointer, part) => (placed ??= parseText(file, text)).place(pointer, part) };
}

function parseText(file: string, text: string): SourceDocument {
  const at = placesIn(file, text);
  // Aliases could blow a small file up to gigabytes; a strategy has no use for them.
  const parsed = parseDocument(text, { prettyErrors: false, uniqueKeys: true, stringKeys: true });
  if (parsed.errors.length > 0) throw syntaxFailure(yamlFaults(parsed.errors, (offset) => at(offset).line ?? 0), at);
  if (parsed.contents === null) throw new Failure({ code: 'GL1002', message: `${file} is empty`, fix: 'write a strategy: its one key that must be there is `services`' }, exit.usage);
  let value: unknown;
  try {
    value = parsed.toJS({ maxAliasCount: 0 });
  } catch (error) {
    throw new Failure({ code: 'GL0006', message: `${file} cannot be read as a document`, cause: reason(error) }, exit.usage, error);
  }
  return { file, value, place: (pointer, part) => ({ ...(placeOf(parsed, pointer, part, at) ?? { file }), pointer }) };
}

/** Places of a text by characters from its beginning. */
function placesIn(file: string, text: string): (offset: number) => Place {
  const rows = text.split('\n');
  const lines = new LineCounter();
  let start = 0;
  for (const row of rows) {
    lines.addNewLine(start);
    start += row.length + 1;
  }
  return (offset) => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, text: rows[line - 1] ?? '' };
  };
}

interface SyntaxProblem extends Pick<Problem, 'message' | 'cause' | 'fix'> {
  readonly offset: number;
}

function syntaxFailure(faults: readonly SyntaxProblem[], at: (offset: number) => Place): Failure {
  return new Failure(faults.map(({ offset, ...fault }): Problem => ({ code: 'GL0006', place: at(offset), ...fault })), exit.usage);
}

function placeOf(parsed: Document, pointer: string, part: 'key' | undefined, at: (offset: number) => Place): Place | null {
  const keys = pointer.split('/').slice(1).map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const around: unknown = part === undefined ? null : keys.length === 1 ? parsed.contents : parsed.getIn(keys.slice(0, -1), true);
  const key = isMap(around) ? around.items.find((pair) => isScalar(pair.key) && pair.key.value === keys.at(-1))?.key : null;
  if (isNode(key) && key.range) return at(key.range[0]);
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
