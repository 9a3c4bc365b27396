// A checked strategy from a file, with every error at its place in the text.

import { parseStrategy, type Strategy, type StrategyError } from '@graylane/rules';
import { exit, Failure, type Place, type Problem } from '../print/failure.ts';
import { readDocument } from './document.ts';

/** Throws Failure with all errors at once. */
export async function readStrategy(file: string, options: { readonly runnable: boolean }): Promise<Strategy> {
  const source = await readDocument(file);
  return checkStrategy(source.value, options, (pointer) => source.place(pointer));
}

/** The same for a document that comes from no file. */
export function checkStrategy(value: unknown, options: { readonly runnable: boolean }, place?: (pointer: string) => Place): Strategy {
  const parsed = parseStrategy(value, options);
  if (parsed.ok) return parsed.strategy;
  throw new Failure(parsed.errors.map((error) => problemOf(error, place)), exit.usage);
}

function problemOf({ code, pointer, problem, cause, fix }: StrategyError, place?: (pointer: string) => Place): Problem {
  return { code, message: problem, place: place?.(pointer), cause, fix };
}
