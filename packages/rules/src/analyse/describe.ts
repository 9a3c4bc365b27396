// Words for findings: what is wrong, why, and what to do, in the terms of the document.

import { fromBytes } from '../language/utf8.ts';
import { fieldName } from '../route/explain.ts';
import type { ClauseModel, Model, ReleaseModel } from './model.ts';

export function releaseAt({ plan }: ReleaseModel): string {
  return `/releases/${plan.index}`;
}

export function clauseAt(release: ReleaseModel, clause: ClauseModel): string {
  return `${releaseAt(release)}/when/${clause.plan.clause}`;
}

export function names(releases: readonly ReleaseModel[]): readonly string[] {
  return releases.map(({ plan }) => plan.name).sort();
}

export function pairOf(a: ReleaseModel, b: ReleaseModel): readonly [string, string] {
  return a.plan.name < b.plan.name ? [a.plan.name, b.plan.name] : [b.plan.name, a.plan.name];
}

export function listOf(texts: readonly string[]): string {
  const quoted = texts.map((text) => `'${text}'`);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} and ${quoted.at(-1) ?? ''}`;
}

/** The fewest conditions of a clause that exclude each other, or the one that nothing can meet. */
export function contradiction(model: Model, clause: ClauseModel): string {
  const { conditions } = clause.plan;
  for (const field of new Set(conditions.map((condition) => condition.field))) {
    const own = conditions.filter((condition) => condition.field === field);
    const dimension = model.dimensions[field];
    const partition = dimension?.kind === 'field' ? dimension.partition : null;
    if (partition === null) continue;
    const sets = own.map(({ test }) => partition.setOf(test));
    if (sets.reduce((common, set) => common.and(set), model.full(field)).size > 0) continue;
    const name = fieldName(partition.plan);
    const impossible = sets.findIndex((set) => set.size === 0);
    return impossible === -1 ? `${own.length} conditions on ${name} exclude each other` : `no value of ${name} can meet ${showTest(own[impossible]?.test)}`;
  }
  return 'its time window is empty';
}

function showTest(test: unknown): string {
  const text = fromBytes(JSON.stringify(test));
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
