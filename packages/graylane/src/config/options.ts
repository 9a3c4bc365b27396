// Options that several commands take, read in one way. Problems are collected, so that all are told at once.

import { exit, Failure, type Problem } from '../print/failure.ts';

/** A clause for those who have this cookie or header: in at any share. */
export interface PinnedClause {
  readonly cookie?: Record<string, string>;
  readonly header?: Record<string, string>;
  readonly pinned: true;
}

/** A whole number from `least` to `most`. Throws Failure on anything else. */
export function countOf(option: string, given: string, least: number, most: number = Number.MAX_SAFE_INTEGER): number {
  if (/^\d+$/.test(given) && Number(given) >= least && Number(given) <= most) return Number(given);
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} up` : `from ${least} to ${most}`;
  throw new Failure({ code: 'GL0021', message: `${option} ${given} is not a number that fits here`, fix: `write a whole number ${range}` }, exit.usage);
}

/** The same where the option may be left out. */
export function countIfGiven(option: string, given: string | undefined, least: number): number | undefined {
  return given === undefined ? undefined : countOf(option, given, least);
}

/** A number, with or without `%` behind it. */
export function numberOf(option: string, given: string | undefined, problems: Problem[]): number | undefined {
  if (given === undefined) return undefined;
  const value = Number(given.replace(/%$/, ''));
  if (given.trim() !== '' && Number.isFinite(value)) return value;
  problems.push({ code: 'GL0021', message: `${option} ${given.trim() === '' ? '(nothing)' : given} is not a number`, fix: `write it in digits, such as ${option} ${option === '--port' ? 8080 : 5}` });
  return undefined;
}

/** From `name=value`, or `name: value`. */
export function matchClauses(kind: 'cookie' | 'header', given: readonly string[] | undefined, problems: Problem[]): PinnedClause[] {
  return (given ?? []).flatMap((pair) => {
    const match = /^([^=:]+)[=:]\s*(.*)$/.exec(pair);
    if (match?.[1] !== undefined && match[2] !== undefined) return [{ [kind]: { [match[1]]: match[2] }, pinned: true as const }];
    problems.push({ code: 'GL0022', message: `--${kind} ${pair} has no value`, fix: `write --${kind} name=value` });
    return [];
  });
}

