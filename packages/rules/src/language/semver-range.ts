// Ranges of versions as people write them: comparators, all of which must hold (no carets, no wildcards).

import type { Version } from './semver.ts';
import { TAIL } from './semver.ts';

export type Comparison = '>=' | '>' | '<=' | '<' | '=';

export interface Comparator { readonly op: Comparison; readonly version: Version }

const NUMBER = '(?:0|[1-9]\\d*)';
const BOUND = new RegExp(`^(>=|>|<=|<|=)?(${NUMBER})(?:\\.(${NUMBER})(?:\\.(${NUMBER})${TAIL})?)?$`);

/** Longer ranges are refused: nobody means them. */
const RANGE_LIMIT = 256;

/** The comparators of a range, all of which must hold, or null when it is none. */
export function parseRange(text: string): readonly Comparator[] | null {
  if (semverFault(text) !== null) return null;
  return words(text).map((word) => comparator(word)).filter((found) => found !== null);
}

/** What is wrong with a range, or null. */
export function semverFault(text: string): string | null {
  if (text.length > RANGE_LIMIT) return `a range of ${text.length} characters is over ${RANGE_LIMIT}`;
  const parts = words(text);
  if (parts.length === 0) return 'the range is empty';
  for (const word of parts) {
    if (comparator(word) !== null) continue;
    if (/[\^~]/.test(word)) return `'${word}' is npm's short form: write both bounds`;
    if (/\|\|/.test(word)) return "'||' is not supported: use { any: [ … ] } around two ranges";
    if (/^[<>=]*v/i.test(word)) return `'${word}' begins with v: leave it out`;
    if (/[xX*]/.test(word)) return `'${word}' has a wildcard: write both bounds`;
    return `'${word}' is not a comparator`;
  }
  return null;
}

/** `>= 2.1` is one comparator, as people write it. */
function words(text: string): readonly string[] {
  return text.replace(/([<>=]) +/g, '$1').split(' ').filter((word) => word !== '');
}

function comparator(word: string): Comparator | null {
  const match = BOUND.exec(word);
  if (match === null) return null;
  const [, op = '=', major = '0', minor = '0', patch = '0', pre] = match;
  return { op: op as Comparison, version: { core: [major, minor, patch], pre: pre === undefined ? [] : pre.split('.') } };
}
