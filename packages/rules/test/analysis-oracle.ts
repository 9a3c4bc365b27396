// All findings of a small strategy by exhaustion: every kind of request is listed, every definition is read off the list.

import type { Finding, Matcher, ReleaseSpec, StrategyDocument } from '../src/index.ts';
import { bucketOfKey, holds, thresholdOf } from './oracle.ts';

/** The fields that such strategies may name, all with plain text values. */
type Field = 'header:x-a' | 'header:x-b' | 'cookie:c' | 'cookie:graylane-id' | 'cookie:k';

/** One kind of request: a value per field and a bucket per salt and source of a key that no rule spells out. */
interface Kind { readonly values: ReadonlyMap<Field, string | null>; readonly buckets: ReadonlyMap<string, number> }

interface Sets { readonly matches: boolean[][]; readonly taken: boolean[][]; readonly clauseMatches: boolean[][][]; readonly clauseTaken: boolean[][][] }

/** Long enough for any two prefixes and suffixes of the vocabulary to meet in a value that no rule spells out. */
const POOL: readonly string[] = ['', ...words(['a', 'b', 'z'], 5), '0', '1', '2', '3', '10', '10.5', '1.0', '-1', '1.5', '2.1.0', '2.0.0', '3.0.0', '2.1.0-rc.1', '2.1.0-alpha', '9.9.9',
  ...words(['a', 'b', 'z'], 3).map((word) => `${word}1`),
  // Versions that end like other words.
  ...['1.0.0', '2.5.0', '3.5.0'].flatMap((core) => ['a', 'b', 'ba', 'ab', 'z'].map((end) => `${core}-${end}`))];

function words(letters: readonly string[], length: number): readonly string[] {
  const shorter = length === 1 ? [] : words(letters, length - 1);
  const last = length === 1 ? [''] : shorter.filter((word) => word.length === length - 1);
  return [...shorter, ...last.flatMap((word) => letters.map((letter) => word + letter))];
}

function conditions(release: ReleaseSpec): readonly (readonly [Field, Matcher])[] {
  return release.when.flatMap((clause) => [
    ...Object.entries(clause.header ?? {}).map(([name, matcher]) => [`header:${name}` as Field, matcher] as const),
    ...Object.entries(clause.cookie ?? {}).map(([name, matcher]) => [`cookie:${name}` as Field, matcher] as const),
  ]);
}

function literalsOf(matcher: Matcher): readonly string[] {
  if (typeof matcher === 'string') return [matcher];
  if (matcher instanceof Array) return matcher;
  if ('not' in matcher) return literalsOf(matcher.not);
  return 'any' in matcher ? matcher.any.flatMap(literalsOf) : [];
}

interface Vocabulary { readonly values: readonly (string | null)[]; readonly literals: ReadonlySet<string> }

function vocabulary(field: Field, releases: readonly ReleaseSpec[]): Vocabulary {
  const own = releases.flatMap(conditions).filter(([name]) => name === field).map(([, matcher]) => matcher);
  const literals = new Set(own.flatMap(literalsOf));
  const bySignature = new Map<string, string>();
  for (const word of POOL) {
    // An empty key is no key.
    const signature = `${own.map((matcher) => Number(holds(matcher, word))).join('')}${word === ''}`;
    if (!literals.has(word) && !bySignature.has(signature)) bySignature.set(signature, word);
  }
  return { values: [null, ...literals, ...bySignature.values()], literals };
}

/** Where a release finds its key in a kind of request: a known bucket, or the name of a free one. */
function keyOf(release: ReleaseSpec, kind: Kind, vocabularies: ReadonlyMap<Field, Vocabulary>): number | string {
  const salt = release.salt ?? release.name;
  for (const sticky of release.stickyBy ?? ['anonymous']) {
    if (sticky === 'request') return `request ${salt}`;
    const field = (sticky === 'anonymous' ? 'cookie:graylane-id' : sticky) as Field;
    const value = kind.values.get(field) ?? '';
    if (value !== '') return vocabularies.get(field)?.literals.has(value) === true ? bucketOfKey(salt, value) : `${field} ${salt}`;
    if (sticky === 'anonymous') return `fresh ${salt}`;
  }
  return 999_999;
}

function product<K, V>(choices: readonly (readonly [K, readonly V[]])[]): readonly ReadonlyMap<K, V>[] {
  return choices.reduce<readonly ReadonlyMap<K, V>[]>((all, [key, values]) => all.flatMap((chosen) => values.map((value) => new Map([...chosen, [key, value]]))), [new Map()]);
}

export function percentAt(release: ReleaseSpec, percent: number | undefined): ReleaseSpec {
  return percent === undefined ? release : { ...release, percent };
}

/** Null when there are more kinds than `limit`. */
function listKinds(ordered: readonly ReleaseSpec[], thresholds: readonly number[], limit: number): { readonly kinds: readonly Kind[]; readonly vocabularies: ReadonlyMap<Field, Vocabulary> } | null {
  const used = new Set<Field>(ordered.flatMap((release) => [...conditions(release).map(([field]) => field), ...(release.stickyBy ?? ['anonymous']).filter((key) => key !== 'request').map((key) => (key === 'anonymous' ? 'cookie:graylane-id' : key) as Field)]));
  const vocabularies = new Map([...used].map((field) => [field, vocabulary(field, ordered)]));
  const names = new Set(ordered.flatMap((release) => (release.stickyBy ?? ['anonymous']).flatMap((key) => {
    const salt = release.salt ?? release.name;
    return key === 'request' ? [`request ${salt}`] : key === 'anonymous' ? [`cookie:graylane-id ${salt}`, `fresh ${salt}`] : [`${key} ${salt}`];
  })));
  const levels = [0, ...new Set(thresholds.filter((value) => value > 0 && value < 1_000_000))];
  const size = [...vocabularies.values()].reduce((all, { values }) => all * values.length, 1) * levels.length ** names.size;
  if (size > limit) return null;
  const values = product([...vocabularies].map(([field, found]) => [field, found.values] as const));
  const buckets = product([...names].map((name) => [name, levels] as const));
  return { kinds: values.flatMap((chosen) => buckets.map((bucket) => ({ values: chosen, buckets: bucket }))), vocabularies };
}

function setsOf(ordered: readonly ReleaseSpec[], kinds: readonly Kind[], vocabularies: ReadonlyMap<Field, Vocabulary>): Sets {
  const clauseMatches = ordered.map((release) => release.when.map((clause) => kinds.map(({ values }) =>
    Object.entries(clause.header ?? {}).every(([name, matcher]) => holds(matcher, values.get(`header:${name}` as Field) ?? null))
    && Object.entries(clause.cookie ?? {}).every(([name, matcher]) => holds(matcher, values.get(`cookie:${name}` as Field) ?? null)))));
  const clauseTaken = ordered.map((release, r) => release.when.map((clause, c) => kinds.map((kind, k) => {
    if (clauseMatches[r]?.[c]?.[k] !== true) return false;
    const key = keyOf(release, kind, vocabularies);
    const bucket = typeof key === 'number' ? key : kind.buckets.get(key) ?? 0;
    return clause.pinned === true || bucket < thresholdOf(release, clause);
  })));
  const union = (sets: readonly boolean[][]): boolean[] => kinds.map((_, k) => sets.some((set) => set[k]));
  return { clauseMatches, clauseTaken, matches: clauseMatches.map(union), taken: clauseTaken.map(union) };
}

/** Subjects of findings as text; null when the strategy is too large to list. */
export function findingsByExhaustion(document: StrategyDocument, limit: number): ReadonlySet<string> | null {
  const releases = document.releases ?? [];
  const found = new Set<string>();
  const variants: readonly (readonly ReleaseSpec[])[] = [releases, ...releases.flatMap((release, i) => (release.steps ?? []).map(({ percent }) => releases.map((other, j) => (i === j ? percentAt(other, percent) : other))))];
  // All thresholds at once, so that the kinds are the same everywhere.
  const thresholds = variants.flatMap((variant) => variant.flatMap((release) => release.when.map((clause) => thresholdOf(release, clause))));
  for (const variant of variants) {
    const ordered = variant.map((release, index) => ({ release, index })).sort((a, b) => (a.release.priority ?? 0) - (b.release.priority ?? 0) || a.index - b.index).map(({ release }) => release);
    const listed = listKinds(ordered, thresholds, limit);
    if (listed === null) return null;
    for (const text of readOff(ordered, setsOf(ordered, listed.kinds, listed.vocabularies))) found.add(text);
  }
  return found;
}

function readOff(ordered: readonly ReleaseSpec[], { matches, taken, clauseMatches, clauseTaken }: Sets): readonly string[] {
  const out: string[] = [];
  const say = (subject: object): number => out.push(JSON.stringify(subject));
  const some = (set: readonly boolean[] = []): boolean => set.includes(true);
  const within = (a: readonly boolean[] = [], b: (k: number) => boolean): boolean => a.every((has, k) => !has || b(k));
  const priority = (r: number): number => ordered[r]?.priority ?? 0;
  const above = (r: number): readonly number[] => ordered.flatMap((_, other) => (priority(other) < priority(r) ? [other] : []));
  const wins = (r: number): boolean[] => (taken[r] ?? []).map((has, k) => has && !taken.slice(0, r).some((set) => set[k]));
  const fewest = (set: readonly boolean[], r: number): readonly string[] => {
    const candidates = above(r).filter((other) => some(wins(other)));
    for (let size = 1; size <= candidates.length; size++) {
      for (const choice of combinations(candidates, size)) if (within(set, (k) => choice.some((other) => taken[other]?.[k]))) return choice.map((other) => ordered[other]?.name ?? '').sort();
    }
    return [];
  };
  const dead = ordered.map((_, r) => !some(matches[r]));
  const nobody = ordered.map((_, r) => !some(taken[r]));
  const shadowed = ordered.map((_, r) => !dead[r] && !nobody[r] && within(taken[r], (k) => above(r).some((other) => taken[other]?.[k])));
  ordered.forEach((release, r) => {
    const { name } = release;
    if (dead[r]) return say({ kind: 'never-matches', release: name });
    if (nobody[r]) say({ kind: 'nobody-in', release: name });
    if (shadowed[r]) say({ kind: 'shadowed', release: name, by: fewest(taken[r] ?? [], r) });
    const own = clauseTaken[r] ?? [];
    own.forEach((set, c) => {
      if (!some(clauseMatches[r]?.[c])) return say({ kind: 'never-matches', release: name, clause: c });
      if (!some(set)) return nobody[r] ? 0 : say({ kind: 'nobody-in', release: name, clause: c });
      const others = own.filter((other, d) => d !== c && some(other) && !(d > c && other.every((has, k) => has === set[k])));
      if (others.length > 0 && within(set, (k) => others.some((other) => other[k]))) say({ kind: 'redundant', release: name, clause: c });
      if (own.length > 1 && !shadowed[r] && within(set, (k) => above(r).some((other) => taken[other]?.[k]))) say({ kind: 'shadowed-clause', release: name, clause: c, by: fewest(set, r) });
      return 0;
    });
    return 0;
  });
  ordered.forEach((first, a) => {
    ordered.forEach((second, b) => {
      if (b <= a || !(matches[a] ?? []).some((has, k) => has && matches[b]?.[k])) return;
      const releases = [first.name, second.name].sort();
      if (priority(a) === priority(b)) return void say({ kind: 'equal-priority', releases });
      if (shadowed[b] || !wins(a).some((has, k) => has && matches[b]?.[k])) return;
      say({ kind: 'overlap', releases, winner: first.name });
      if (within(matches[b], (k) => matches[a]?.[k] === true) && !within(matches[a], (k) => matches[b]?.[k] === true)) say({ kind: 'wider-first', releases, winner: first.name });
    });
  });
  return out;
}

function combinations(items: readonly number[], size: number): readonly (readonly number[])[] {
  if (size === 0) return [[]];
  return items.flatMap((item, i) => combinations(items.slice(i + 1), size - 1).map((rest) => [item, ...rest]));
}

const KEYS = ['kind', 'release', 'clause', 'by', 'releases', 'winner', 'service', 'version', 'tag', 'header'] as const;

/** A finding's subject in the same form. */
export function subjectOf(finding: Finding): string {
  const fields: Readonly<Record<string, unknown>> = { ...finding };
  return JSON.stringify(Object.fromEntries(KEYS.flatMap((key) => (fields[key] === undefined ? [] : [[key, fields[key]]]))));
}
