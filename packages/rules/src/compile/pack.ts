// Lays a program out as a snapshot: everything that grows with the number of releases becomes words and texts.

import { HEAD } from './layout.ts';
import { TestPacker } from './pack-tests.ts';
import { packDrawers } from './pack-drawers.ts';
import type { ConditionPlan, Program, ReleasePlan } from './program.ts';
import type { Snapshot, TermsPlan } from './snapshot.ts';
import { SNAPSHOT_FORMAT } from './snapshot.ts';
import { Words } from './words.ts';

export function pack(program: Program): Snapshot {
  const { fields, releases, clauses, services, tags, settings } = program;
  const words = new Words();
  const tests = new TestPacker(words);
  const terms = new Terms();
  words.zeros(HEAD.size);
  const conditions = (list: readonly ConditionPlan[]): number => words.add(list.flatMap(({ field, test }) => [field, tests.pack(test)]));
  const clauseWords = clauses.flatMap(({ release, clause, pinned, threshold, conditions: own }) => [release, clause, Number(pinned), threshold, conditions(own), own.length]);
  const ranks = ranksOf(program);
  const releaseWords = releases.flatMap((plan, place) => [plan.index, plan.priority, words.text(plan.salt), terms.place(plan), packVersions(plan, program, words), plan.versions.length, ...ranks[place] ?? [0, -1]]);
  const filed = packDrawers(clauses, words);
  const head = [words.add(clauseWords), clauses.length, words.add(releaseWords), filed.always, words.add(filed.drawers), filed.count, conditions(program.consent), program.consent.length];
  head.forEach((word, i) => words.list[i] = word);
  return {
    format: SNAPSHOT_FORMAT, fields, services, tags, settings,
    releases: releases.map(({ name }) => name), undrawn: undrawn(program), terms: terms.list, texts: words.texts, words: words.list,
  };
}

/** First and last rank of each release. */
function ranksOf({ releases, clauses }: Program): readonly (readonly [number, number])[] {
  const ranks = releases.map((): [number, number] => [0, -1]);
  clauses.forEach(({ release }, rank) => {
    const own = ranks[release];
    if (own === undefined) return;
    if (own[1] === -1) own[0] = rank;
    own[1] = rank;
  });
  return ranks;
}

/** A release for a service that the strategy does not have is an error of the analysis, not of deciding. */
function packVersions({ versions }: ReleasePlan, { services }: Program, words: Words): number {
  return words.add(versions.flatMap(([service, version]) => [services.findIndex(({ name }) => name === service), words.text(version)]));
}

function undrawn({ releases, clauses }: Program): readonly string[] {
  const drawn = new Set(clauses.filter(({ pinned, threshold }) => !pinned && threshold > 0).map(({ release }) => release));
  return releases.flatMap(({ name }, place) => (drawn.has(place) ? [] : [name]));
}

/** Equal terms stand once. */
class Terms {
  readonly list: TermsPlan[] = [];
  readonly #places = new Map<string, number>();

  place({ stickyBy, onUnavailable, cache, vary, from, until }: TermsPlan): number {
    const terms: TermsPlan = { stickyBy, onUnavailable, cache, vary, from, until };
    const key = JSON.stringify(terms);
    let place = this.#places.get(key);
    if (place === undefined) this.#places.set(key, place = this.list.push(terms) - 1);
    return place;
  }
}
