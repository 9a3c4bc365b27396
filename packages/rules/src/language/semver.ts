// Versions by SemVer 2.0.0: precedence of §11 and nothing else (no carets, no wildcards, no special rule for pre-releases).

export type Comparison = '>=' | '>' | '<=' | '<' | '=';

export interface Version {
  /** Major, minor, patch as digits without leading zeros. */
  readonly core: readonly [string, string, string];
  /** Identifiers; empty for a release. */
  readonly pre: readonly string[];
}

export interface Comparator { readonly op: Comparison; readonly version: Version }

const NUMBER = '(?:0|[1-9]\\d*)';
const IDENTIFIER = `(?:${NUMBER}|\\d*[A-Za-z-][0-9A-Za-z-]*)`;
const TAIL = `(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?`;
const FULL = new RegExp(`^(${NUMBER})\\.(${NUMBER})\\.(${NUMBER})${TAIL}$`);
const BOUND = new RegExp(`^(>=|>|<=|<|=)?(${NUMBER})(?:\\.(${NUMBER})(?:\\.(${NUMBER})${TAIL})?)?$`);

/** Longer ranges are refused: nobody means them. */
const RANGE_LIMIT = 256;

/** A version in full, or null. */
export function parseVersion(text: string): Version | null {
  const match = FULL.exec(text);
  if (match === null) return null;
  const [, major = '0', minor = '0', patch = '0', pre] = match;
  return { core: [major, minor, patch], pre: pre === undefined ? [] : pre.split('.') };
}

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

export function holds(comparators: readonly Comparator[], version: Version): boolean {
  return comparators.every(({ op, version: bound }) => {
    const order = compareVersions(version, bound);
    switch (op) {
      case '>=': return order >= 0;
      case '>': return order > 0;
      case '<=': return order <= 0;
      case '<': return order < 0;
      case '=': return order === 0;
    }
  });
}

/** SemVer §11. */
export function compareVersions(a: Version, b: Version): number {
  for (let i = 0; i < 3; i++) {
    const order = compareNumbers(a.core[i] ?? '0', b.core[i] ?? '0');
    if (order !== 0) return order;
  }
  if (a.pre.length === 0 || b.pre.length === 0) return (a.pre.length === 0 ? 1 : 0) - (b.pre.length === 0 ? 1 : 0);
  for (let i = 0; i < Math.min(a.pre.length, b.pre.length); i++) {
    const order = compareIdentifiers(a.pre[i] ?? '', b.pre[i] ?? '');
    if (order !== 0) return order;
  }
  return a.pre.length - b.pre.length;
}

function compareIdentifiers(a: string, b: string): number {
  const aNumber = /^\d+$/.test(a);
  const bNumber = /^\d+$/.test(b);
  if (aNumber && bNumber) return compareNumbers(a, b);
  if (aNumber !== bNumber) return aNumber ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}

/** Digits without leading zeros, of any length. */
function compareNumbers(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a === b ? 0 : a < b ? -1 : 1;
}
