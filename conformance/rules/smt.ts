// A strategy as formulas of SMT-LIB: which requests each clause matches and takes. The solver knows nothing of automata, classes or boxes.

import type { ClauseSpec, ReleaseSpec } from '@graylane/rules';
import { bucketOfKey, thresholdOf } from '../../packages/rules/test/oracle.ts';
import { and, holds, not, or } from './smt-texts.ts';

export interface Formulas {
  /** Declarations and definitions that every question stands on. */
  readonly head: string;
  /** By ascending priority, of equals the earlier first. */
  readonly ordered: readonly ReleaseSpec[];
}

const fieldsOf = (clause: ClauseSpec): readonly (readonly [string, NonNullable<ClauseSpec['path']>])[] => [
  ...Object.entries(clause.header ?? {}).map(([name, matcher]) => [`header:${name}`, matcher] as const),
  ...Object.entries(clause.cookie ?? {}).map(([name, matcher]) => [`cookie:${name}`, matcher] as const),
];

const symbol = (text: string): string => text.replaceAll(/[^A-Za-z0-9]/g, '_');
const valueOf = (field: string): string => `v_${symbol(field)}`;
const presentOf = (field: string): string => `p_${symbol(field)}`;

function literalsOf(matcher: NonNullable<ClauseSpec['path']>): readonly string[] {
  if (typeof matcher === 'string') return [matcher];
  if (matcher instanceof Array) return matcher;
  if ('not' in matcher) return literalsOf(matcher.not);
  return 'any' in matcher ? matcher.any.flatMap(literalsOf) : [];
}

/** Buckets that nothing is known of, each declared when first asked for. */
class Buckets {
  readonly names = new Set<string>();

  free(what: string): string {
    const name = `b_${symbol(what)}`;
    this.names.add(name);
    return name;
  }

  declarations(): readonly string[] {
    return [...this.names].map((name) => `(declare-const ${name} Int)(assert (and (<= 0 ${name}) (< ${name} 1000000)))`);
  }
}

/** The bucket of a release's key: known where a rule spells the key out, else free. */
function bucketTerm(release: ReleaseSpec, literals: ReadonlyMap<string, ReadonlySet<string>>, buckets: Buckets): string {
  const salt = release.salt ?? release.name;
  const keys = release.stickyBy ?? ['anonymous'];
  const from = (i: number): string => {
    const key = keys[i];
    if (key === undefined) return '999999';
    if (key === 'request') return buckets.free(`request ${salt}`);
    const field = key === 'anonymous' ? 'cookie:graylane-id' : key;
    const known = [...literals.get(field) ?? []].filter((text) => text !== '');
    const own = known.reduce((rest, text) => `(ite (= ${valueOf(field)} "${text}") ${bucketOfKey(salt, text)} ${rest})`, buckets.free(`${field} ${salt}`));
    const rest = key === 'anonymous' ? buckets.free(`fresh ${salt}`) : from(i + 1);
    return `(ite ${and(presentOf(field), not(`(= ${valueOf(field)} "")`))} ${own} ${rest})`;
  };
  return from(0);
}

/** Defines m_R_C (clause C of release R matches), t_R_C (it takes), and m_R, t_R, w_R (matches, takes, wins) for the releases in order. */
export function formulasOf(releases: readonly ReleaseSpec[]): Formulas {
  const ordered = releases.map((release, index) => ({ release, index })).sort((a, b) => (a.release.priority ?? 0) - (b.release.priority ?? 0) || a.index - b.index).map(({ release }) => release);
  const literals = new Map<string, Set<string>>();
  for (const [field, matcher] of ordered.flatMap(({ when }) => when.flatMap(fieldsOf))) literals.set(field, new Set([...literals.get(field) ?? [], ...literalsOf(matcher)]));
  const buckets = new Buckets();
  const defined = ordered.flatMap((release, r) => {
    const clauses = release.when.flatMap((clause, c) => [
      define(`m_${r}_${c}`, and(...fieldsOf(clause).map(([field, matcher]) => holds(matcher, valueOf(field), presentOf(field))))),
      define(`t_${r}_${c}`, clause.pinned === true ? `m_${r}_${c}` : and(`m_${r}_${c}`, `(< k_${r} ${thresholdOf(release, clause)})`)),
    ]);
    const any = (set: string): string => or(...release.when.map((_, c) => `${set}_${r}_${c}`));
    return [
      `(define-fun k_${r} () Int ${bucketTerm(release, literals, buckets)})`, ...clauses,
      define(`m_${r}`, any('m')), define(`t_${r}`, any('t')), define(`w_${r}`, and(`t_${r}`, ...ordered.slice(0, r).map((_, other) => not(`t_${other}`)))),
    ];
  });
  const sticky = ordered.flatMap(({ stickyBy }) => (stickyBy ?? ['anonymous']).flatMap((key) => (key === 'request' ? [] : [key === 'anonymous' ? 'cookie:graylane-id' : key])));
  const fields = new Set([...literals.keys(), ...sticky]);
  const declared = [...fields].map((field) => `(declare-const ${valueOf(field)} String)(declare-const ${presentOf(field)} Bool)(assert (str.in_re ${valueOf(field)} ${VISIBLE}))`);
  return { head: [...declared, ...buckets.declarations(), ...defined].join('\n'), ordered };
}

/** Bytes that every field can carry; there are enough of them that leaving out the others decides nothing. */
const VISIBLE = '(re.* (re.range "!" "~"))';

const define = (name: string, body: string): string => `(define-fun ${name} () Bool ${body})`;
