// All findings of a strategy: the rules of the house, then what its releases do to each other, now and at each step of their plans.

import { program } from '../compile/compile.ts';
import type { Strategy } from '../document/strategy.ts';
import { Confirmer } from './confirm.ts';
import { Budget } from './cover.ts';
import type { Finding } from './finding.ts';
import { subjectKey } from './finding.ts';
import { houseFindings } from './house.ts';
import type { Percentages } from './model.ts';
import { Model } from './model.ts';
import { Neighbours } from './neighbours.ts';
import { checkPair } from './pairs.ts';
import type { Standing } from './single.ts';
import { checkRelease, notDecided } from './single.ts';
import { View } from './view.ts';

export interface AnalyseOptions {
  /** Steps of search for the whole analysis; when they are spent, releases are reported as not decided. */
  readonly budget?: number;
}

/** About ten seconds of search. */
const DEFAULT_BUDGET = 50_000_000;
/** Nobody reads more; whatever follows is said to be missing. */
const FINDINGS_LIMIT = 20_000;

const LEVELS: readonly Finding['level'][] = ['error', 'warning', 'info'];

export function analyse(strategy: Strategy, options: AnalyseOptions = {}): readonly Finding[] {
  const house = houseFindings(strategy);
  const model = new Model(program(strategy), strategy.document.releases ?? []);
  const analysis = new Analysis(model, new Budget(options.budget ?? DEFAULT_BUDGET), new Set(house.flatMap((finding) => (finding.kind === 'unknown-tag' ? [finding.release] : []))));
  const findings = [...house, ...analysis.all()];
  return findings.map((finding, i) => ({ finding, i })).sort((a, b) => LEVELS.indexOf(a.finding.level) - LEVELS.indexOf(b.finding.level) || a.i - b.i).map(({ finding }) => finding);
}

/** Errors block `apply`. */
export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some(({ level }) => level === 'error');
}

class Analysis {
  readonly #model: Model;
  readonly #budget: Budget;
  readonly #neighbours: Neighbours;
  /** Releases that ask for an undefined tag: that they never match is said already. */
  readonly #tagless: ReadonlySet<string>;
  readonly #found = new Map<string, Finding>();

  constructor(model: Model, budget: Budget, tagless: ReadonlySet<string>) {
    this.#model = model;
    this.#budget = budget;
    this.#tagless = tagless;
    this.#neighbours = new Neighbours(model.releases);
  }

  all(): readonly Finding[] {
    const places = this.#model.releases.map(({ place }) => place);
    this.#look(new Map(), places, null);
    for (const { place, spec } of this.#model.releases) {
      const percents = new Set((spec.steps ?? []).flatMap(({ percent }) => percent ?? []));
      percents.delete(spec.percent ?? 100);
      // Only what stands after a release can be touched by its percentage.
      for (const percent of percents) this.#look(new Map([[place, percent]]), [place, ...this.#neighbours.later[place] ?? []], { release: spec.name, percent });
    }
    return [...this.#found.values()];
  }

  #look(percentages: Percentages, places: readonly number[], step: Finding['step'] | null): void {
    const view = new View(this.#model, this.#neighbours, percentages, this.#budget);
    const confirmer = new Confirmer(this.#model, percentages);
    const standings = new Map<number, Standing>();
    const standing = (place: number): Standing => {
      const known = standings.get(place) ?? checkRelease(view, confirmer, place);
      standings.set(place, known);
      return known;
    };
    for (const place of places) this.#add(standing(place).findings, step);
    for (const [first, second] of this.#pairs(places)) {
      if (this.#full()) return;
      this.#add(checkPair(view, confirmer, first, second, !standing(second).dead && !standing(second).shadowed), step);
    }
  }

  /** Neighbours of which one is in `places`, each pair once. */
  #pairs(places: readonly number[]): readonly (readonly [number, number])[] {
    const asked = new Set(places);
    return places.flatMap((place) => [
      ...(this.#neighbours.earlier[place] ?? []).map((other) => [other, place] as const),
      ...(this.#neighbours.later[place] ?? []).filter((other) => !asked.has(other)).map((other) => [place, other] as const),
    ]);
  }

  #add(findings: readonly Finding[], step: Finding['step'] | null): void {
    for (const finding of findings) {
      const key = subjectKey(finding);
      if (this.#found.has(key) || (finding.kind === 'never-matches' && this.#tagless.has(finding.release))) continue;
      this.#found.set(key, step === null || step === undefined ? finding : { ...finding, step });
    }
  }

  /** True, and said once, when there is no room for more. */
  #full(): boolean {
    if (this.#found.size < FINDINGS_LIMIT) return false;
    const [first] = this.#model.releases;
    if (first !== undefined) this.#add([notDecided(first, `there are more than ${FINDINGS_LIMIT} findings; the rest is not listed`)], null);
    return true;
  }
}
