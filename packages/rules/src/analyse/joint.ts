// Two strategies over one space of requests, so that their decisions can be compared value by value.

import type { ClausePlan, Program, ReleasePlan } from '../compile/program.ts';
import type { FieldPlan, SourcePlan, StickyPlan } from '../compile/snapshot.ts';

/** The releases of `after` stand behind those of `before`, in `releases` as in the numbering of the documents' releases. */
export function joinPrograms(before: Program, after: Program): Program {
  const fields: FieldPlan[] = [...before.fields];
  const known = new Map(fields.map((plan, field) => [JSON.stringify(plan), field]));
  const moved: number[] = [];
  // Fields of sources come before the tags made of them, so they have moved already.
  for (const plan of after.fields) {
    const here = plan.kind === 'tag' ? { ...plan, sources: plan.sources.map((source): SourcePlan => (source.kind === 'field' ? { ...source, field: moved[source.field] ?? 0 } : source)) } : plan;
    const key = JSON.stringify(here);
    let place = known.get(key);
    if (place === undefined) {
      known.set(key, place = fields.length);
      fields.push(here);
    }
    moved.push(place);
  }
  const offset = before.releases.length;
  const move = (field: number): number => moved[field] ?? 0;
  return {
    ...before,
    fields,
    releases: [...before.releases, ...after.releases.map((release): ReleasePlan => ({ ...release, index: release.index + offset, stickyBy: release.stickyBy.map((key): StickyPlan => (key.kind === 'request' ? key : { ...key, field: move(key.field) })) }))],
    clauses: [...before.clauses, ...after.clauses.map((clause): ClausePlan => ({ ...clause, release: clause.release + offset, conditions: clause.conditions.map(({ field, test }) => ({ field: move(field), test })) }))],
  };
}
