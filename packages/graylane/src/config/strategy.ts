// A checked strategy from a file, with every error at its place in the text.

import { dirname, resolve } from 'node:path';
import { houseFindings, parseStrategy, type Strategy, type StrategyError } from '@graylane/rules';
import { exit, Failure, type Problem } from '../print/failure.ts';
import { findingsOf } from '../up/analysis.ts';
import { readDocument, type PlaceOf, type SourceDocument } from './document.ts';

/** A checked strategy and the way back to its text. */
export interface PlacedStrategy {
  readonly strategy: Strategy;
  /** The `gateway` section of the file, unchecked: it says how a gateway is run, and is no part of the strategy. */
  readonly gateway: unknown;
  readonly place: PlaceOf;
}

/** Throws Failure with all errors at once. */
export async function readPlacedStrategy(file: string, options: { readonly runnable: boolean }): Promise<PlacedStrategy> {
  return placedStrategy(await readDocument(file), options);
}

/** The same for a document that is read already. */
export function placedStrategy(source: SourceDocument, options: { readonly runnable: boolean }): PlacedStrategy {
  const place: PlaceOf = (pointer, part) => source.place(pointer, part);
  const { rest, gateway } = withoutGateway(withWholePaths(source.value, dirname(source.file)));
  return { strategy: checkStrategy(rest, options, place), gateway, place };
}

/** Every app has a working folder of its own: what stands in a file is meant from that file on. */
function withWholePaths(value: unknown, folder: string): unknown {
  const jwt = isRecord(value) ? value['jwt'] : undefined;
  if (!isRecord(value) || !isRecord(jwt) || typeof jwt['keys'] !== 'string') return value;
  return { ...value, jwt: { ...jwt, keys: resolve(folder, jwt['keys']) } };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function withoutGateway(value: unknown): { readonly rest: unknown; readonly gateway: unknown } {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'gateway')) return { rest: value, gateway: undefined };
  const { gateway, ...rest } = value as { readonly gateway: unknown };
  return { rest, gateway };
}

/** Throws Failure with all errors at once. */
export async function readStrategy(file: string, options: { readonly runnable: boolean }): Promise<Strategy> {
  return (await readPlacedStrategy(file, options)).strategy;
}

/** Also with what the analysis finds wrong in it. Throws Failure with all of it at once. */
export async function readSoundStrategy(file: string, options: { readonly runnable: boolean }): Promise<Strategy> {
  return (await readSoundPlaced(file, options)).strategy;
}

/** The same, with the way back to its text. */
export async function readSoundPlaced(file: string, options: { readonly runnable: boolean }): Promise<PlacedStrategy> {
  const placed = await readPlacedStrategy(file, options);
  const { strategy, place } = placed;
  const errors = (await findingsOf(strategy)).filter(({ level }) => level === 'error');
  if (errors.length === 0) return placed;
  throw new Failure(errors.map(({ code, message, pointer, fix }): Problem => ({ code, message, place: place(pointer), fix })), exit.usage);
}

/** The same for a document that comes from no file. */
export function checkStrategy(value: unknown, options: { readonly runnable: boolean }, place?: PlaceOf): Strategy {
  const parsed = parseStrategy(value, options);
  if (parsed.ok) return parsed.strategy;
  throw new Failure([...parsed.errors.map((error) => problemOf(error, place)), ...namesMissing(value, place)], exit.usage);
}

/** Where nothing but priorities or scripts are missing, names that do not exist can be told with them, and not one run later. */
function namesMissing(value: unknown, place?: PlaceOf): readonly Problem[] {
  const releases = isRecord(value) ? value['releases'] : undefined;
  if (!Array.isArray(releases)) return [];
  const numbered = (releases as readonly unknown[]).map((release, index) => (isRecord(release) ? { priority: index, ...release } : release));
  const parsed = parseStrategy({ ...(value as object), releases: numbered });
  if (!parsed.ok) return [];
  const errors = houseFindings(parsed.strategy).filter(({ level }) => level === 'error');
  return errors.map(({ code, message, places, cause, fix }): Problem => ({ code, message, place: place?.(places[0] ?? ''), cause, fix }));
}

/** Of a key that nobody knows the key itself is what is wrong. */
function problemOf({ code, pointer, problem, cause, fix }: StrategyError, place?: PlaceOf): Problem {
  return { code, message: problem, place: place?.(pointer, code === 'GL1003' ? 'key' : undefined), cause, fix };
}
