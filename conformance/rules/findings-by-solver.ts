// All findings of a strategy read off a solver's answers, definition by definition; who shadows is checked, not computed.

import type { Finding, ReleaseSpec, StrategyDocument } from '@graylane/rules';
import { percentAt } from '../../packages/rules/test/analysis-oracle.ts';
import type { Formulas } from './smt.ts';
import { formulasOf } from './smt.ts';
import { and, not, or } from './smt-texts.ts';
import type { Solver } from './solver.ts';

/** The strategy as it stands, and at each step of a plan. */
function variantsOf(releases: readonly ReleaseSpec[]): readonly (readonly ReleaseSpec[])[] {
  return [releases, ...releases.flatMap((release, i) => (release.steps ?? []).map(({ percent }) => releases.map((other, j) => (i === j ? percentAt(other, percent) : other))))];
}

/** Subjects as JSON, without `by`. */
export async function findingsBySolver(document: StrategyDocument, solver: Solver): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const variant of variantsOf(document.releases ?? [])) {
    for (const subject of await readOff(formulasOf(variant), solver)) found.add(JSON.stringify(subject));
  }
  return found;
}

const minus = (set: string, others: readonly string[]): string => and(set, not(or(...others)));

/** Releases of smaller priority number; equal ones take nothing away. */
function above({ ordered }: Formulas, r: number): readonly number[] {
  return ordered.flatMap((other, i) => ((other.priority ?? 0) < (ordered[r]?.priority ?? 0) ? [i] : []));
}

async function readOff(formulas: Formulas, solver: Solver): Promise<readonly object[]> {
  const { head, ordered } = formulas;
  const questions = new Set<string>();
  const clauses = ordered.map(({ when }, r) => when.map((_, c) => `${r}_${c}`));
  const taking = (others: readonly number[]): readonly string[] => others.map((other) => `t_${other}`);
  ordered.forEach((_, r) => {
    for (const term of [`m_${r}`, `t_${r}`, minus(`t_${r}`, taking(above(formulas, r)))]) questions.add(term);
    (clauses[r] ?? []).forEach((c, place) => {
      for (const term of [`m_${c}`, `t_${c}`, minus(`t_${c}`, taking(above(formulas, r)))]) questions.add(term);
      for (const later of (clauses[r] ?? []).slice(place + 1)) questions.add(`(xor t_${c} t_${later})`);
    });
    for (let b = r + 1; b < ordered.length; b++) for (const term of [and(`m_${r}`, `m_${b}`), and(`w_${r}`, `m_${b}`), minus(`m_${b}`, [`m_${r}`]), minus(`m_${r}`, [`m_${b}`])]) questions.add(term);
  });
  const first = new Answers(questions, await solver.ask(head, [...questions]));
  const redundancy = redundancyQuestions(clauses, first);
  const second = new Answers(redundancy.map(({ term }) => term), await solver.ask(head, redundancy.map(({ term }) => term)));
  const redundant = new Set(redundancy.filter(({ term }) => !second.can(term)).map(({ clause }) => clause));
  return [...releaseSubjects(formulas, clauses, first, redundant), ...pairSubjects(formulas, first)];
}

class Answers {
  readonly #answers: ReadonlyMap<string, boolean>;

  constructor(terms: Iterable<string>, answers: readonly boolean[]) {
    this.#answers = new Map([...terms].map((term, i) => [term, answers[i] ?? false]));
  }

  can(term: string): boolean {
    const answer = this.#answers.get(term);
    if (answer === undefined) throw new RangeError(`not asked: ${term}`);
    return answer;
  }
}

/** A clause is redundant when the other live ones cover it; of equals the later. */
function redundancyQuestions(clauses: readonly (readonly string[])[], answers: Answers): readonly { readonly clause: string; readonly term: string }[] {
  return clauses.flatMap((own) => own.flatMap((clause, c) => {
    if (!answers.can(`t_${clause}`)) return [];
    const others = own.filter((other, d) => d !== c && answers.can(`t_${other}`) && !(d > c && !answers.can(`(xor t_${clause} t_${other})`)));
    return others.length === 0 ? [] : [{ clause, term: minus(`t_${clause}`, others.map((other) => `t_${other}`)) }];
  }));
}

function isShadowed(formulas: Formulas, answers: Answers, r: number): boolean {
  return answers.can(`m_${r}`) && answers.can(`t_${r}`) && !answers.can(minus(`t_${r}`, above(formulas, r).map((other) => `t_${other}`)));
}

function releaseSubjects(formulas: Formulas, clauses: readonly (readonly string[])[], answers: Answers, redundant: ReadonlySet<string>): readonly object[] {
  return formulas.ordered.flatMap(({ name }, r): readonly object[] => {
    if (!answers.can(`m_${r}`)) return [{ kind: 'never-matches', release: name }];
    const nobody = !answers.can(`t_${r}`);
    const shadowed = isShadowed(formulas, answers, r);
    const own = clauses[r] ?? [];
    const covering = above(formulas, r).map((other) => `t_${other}`);
    return [
      ...(nobody ? [{ kind: 'nobody-in', release: name }] : []),
      ...(shadowed ? [{ kind: 'shadowed', release: name }] : []),
      ...own.flatMap((clause, c): readonly object[] => {
        if (!answers.can(`m_${clause}`)) return [{ kind: 'never-matches', release: name, clause: c }];
        if (!answers.can(`t_${clause}`)) return nobody ? [] : [{ kind: 'nobody-in', release: name, clause: c }];
        const covered = own.length > 1 && !shadowed && !answers.can(minus(`t_${clause}`, covering));
        return [...(redundant.has(clause) ? [{ kind: 'redundant', release: name, clause: c }] : []), ...(covered ? [{ kind: 'shadowed-clause', release: name, clause: c }] : [])];
      }),
    ];
  });
}

function pairSubjects(formulas: Formulas, answers: Answers): readonly object[] {
  const { ordered } = formulas;
  return ordered.flatMap((first, a) => ordered.slice(a + 1).flatMap((second, i): readonly object[] => {
    const b = a + 1 + i;
    if (!answers.can(and(`m_${a}`, `m_${b}`))) return [];
    const releases = [first.name, second.name].sort();
    if ((first.priority ?? 0) === (second.priority ?? 0)) return [{ kind: 'equal-priority', releases }];
    if (isShadowed(formulas, answers, b) || !answers.can(and(`w_${a}`, `m_${b}`))) return [];
    const wider = !answers.can(minus(`m_${b}`, [`m_${a}`])) && answers.can(minus(`m_${a}`, [`m_${b}`]));
    return [{ kind: 'overlap', releases, winner: first.name }, ...(wider ? [{ kind: 'wider-first', releases, winner: first.name }] : [])];
  }));
}

/** Whether those that a finding names really cover what it says, and each of them is needed. */
export async function causeHolds(document: StrategyDocument, finding: Finding & { readonly kind: 'shadowed' | 'shadowed-clause' }, solver: Solver): Promise<boolean> {
  const { step } = finding;
  const formulas = formulasOf((document.releases ?? []).map((release) => (step !== undefined && release.name === step.release ? percentAt(release, step.percent) : release)));
  const place = (name: string): number => formulas.ordered.findIndex((release) => release.name === name);
  const set = finding.kind === 'shadowed' ? `t_${place(finding.release)}` : `t_${place(finding.release)}_${finding.clause}`;
  const by = finding.by.map((name) => `t_${place(name)}`);
  const [covered = true, ...without] = await solver.ask(formulas.head, [minus(set, by), ...by.map((member) => minus(set, by.filter((other) => other !== member)))]);
  return !covered && without.every((needed) => needed);
}
