// Explains a decision with the very objects that made it: same fields, same tests, same buckets.

import type { FieldPlan } from '../compile/snapshot.ts';
import type { Decision, RequestFields } from '../contract.ts';
import { fromBytes } from '../language/utf8.ts';
import type { ClauseTrace, Explanation, ReleaseOutcome, ReleaseTrace } from './explanation.ts';
import type { Clause } from './clauses.ts';
import type { CompiledRouter } from './router.ts';

export function explain(router: CompiledRouter, request: RequestFields): Explanation {
  const decision = router.decide(request);
  // An override decides before any key is asked for.
  if (decision.reason === 'override') router.sticky.begin(request);
  const now = router.now();
  const versions = Object.fromEntries([...router.versions.keys()].map((service) => [service, router.version(service, decision.lane)]));
  return { generation: router.generation, decision, versions, releases: router.releases.map((_, place) => traceRelease(router, place, decision, now)) };
}

function traceRelease(router: CompiledRouter, place: number, decision: Decision, now: number): ReleaseTrace {
  const plan = router.releases[place];
  const own = router.clauses.all.filter((clause) => clause.release === place);
  const clauses = own.map((clause) => traceClause(router, clause)).sort((a, b) => a.clause - b.clause);
  const open = router.clauses.isOpen(place, now);
  const matching = open ? clauses.filter((clause) => clause.matches) : [];
  const needsBucket = matching.some((clause) => !clause.pinned);
  const bucket = needsBucket ? router.sticky.bucket(place, false) : null;
  const isIn = matching.some((clause) => clause.pinned || (bucket ?? 0) < clause.threshold);
  const name = plan?.name ?? '';
  const outcome: ReleaseOutcome = !open ? 'outside-window' : matching.length === 0 ? 'not-matched' : !isIn ? 'out-by-bucket' : decision.lane === name ? 'in' : 'in-but-taken';
  return { release: name, index: plan?.index ?? 0, priority: plan?.priority ?? 0, outcome, key: needsBucket ? router.sticky.label(place) : null, bucket, clauses };
}

function traceClause(router: CompiledRouter, clause: Clause): ClauseTrace {
  const conditions = clause.conditions.map(({ field, needsValue, test }) => {
    const value = router.reader.value(field);
    return { field: fieldName(router.reader.plans[field]), value: value === null ? null : fromBytes(value), holds: !(needsValue && value === null) && test(value) };
  });
  return { clause: clause.plan.clause, matches: conditions.every((condition) => condition.holds), pinned: clause.pinned, threshold: clause.threshold, conditions };
}

/** Such as `header x-os`, `tag os`, `path`. */
export function fieldName(plan: FieldPlan | undefined): string {
  if (plan === undefined) return '';
  return 'name' in plan ? `${plan.kind} ${fromBytes(plan.name)}` : plan.kind;
}
