// Explains a decision with the very objects that made it: same fields, same tests, same buckets. For people: data planes do without it.

import { CLAUSE, RELEASE } from '../compile/layout.ts';
import type { FieldPlan } from '../compile/snapshot.ts';
import type { Decision, RequestFields, Router } from '../contract.ts';
import { fromBytes } from '../language/utf8.ts';
import type { ClauseTrace, ConditionTrace, Explanation, ReleaseOutcome, ReleaseTrace } from './explanation.ts';
import { CompiledRouter } from './router.ts';

/** The same decision as `router.decide` with everything that led to it. `router` comes from loadRouter. */
export function explain(router: Router, request: RequestFields): Explanation {
  if (!(router instanceof CompiledRouter)) throw new TypeError('only a router that loadRouter made can explain itself');
  const decision = router.decide(request);
  // An override decides before any key is asked for.
  if (decision.reason === 'override') router.sticky.begin(request);
  const now = router.now();
  const { services, releases } = router.snapshot;
  const versions = Object.fromEntries(services.map(({ name }) => [name, router.version(name, decision.lane)]));
  return { generation: router.generation, decision, versions, releases: releases.map((name, place) => traceRelease(router, name, place, decision, now)) };
}

function traceRelease(router: CompiledRouter, name: string, place: number, decision: Decision, now: number): ReleaseTrace {
  const [first, last] = [router.release(place, RELEASE.first), router.release(place, RELEASE.last)];
  const own = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const clauses = own.map((rank) => traceClause(router, rank)).sort((a, b) => a.clause - b.clause);
  const open = router.clauses.isOpen(place, now);
  const matching = open ? clauses.filter((clause) => clause.matches) : [];
  const needsBucket = matching.some((clause) => !clause.pinned);
  const bucket = needsBucket ? router.sticky.bucket(place, false) : null;
  const isIn = matching.some((clause) => clause.pinned || (bucket ?? 0) < clause.threshold);
  const outcome: ReleaseOutcome = !open ? 'outside-window' : matching.length === 0 ? 'not-matched' : !isIn ? 'out-by-bucket' : decision.lane === name ? 'in' : 'in-but-taken';
  return { release: name, index: router.release(place, RELEASE.index), priority: router.release(place, RELEASE.priority), outcome, key: needsBucket ? router.sticky.label(place) : null, bucket, clauses };
}

function traceClause(router: CompiledRouter, rank: number): ClauseTrace {
  const { clauses, tables, reader } = router;
  const at = clauses.word(rank, CLAUSE.conditions);
  const conditions = Array.from({ length: clauses.word(rank, CLAUSE.count) }, (_, i): ConditionTrace => {
    const field = tables.word(at + 2 * i);
    const value = reader.value(field);
    return { field: fieldName(reader.plans[field]), value: value === null ? null : fromBytes(value), holds: clauses.holds(field, tables.word(at + 2 * i + 1)) };
  });
  return { clause: clauses.word(rank, CLAUSE.clause), matches: conditions.every((condition) => condition.holds), pinned: clauses.isPinned(rank), threshold: clauses.threshold(rank), conditions };
}

/** Such as `header x-os`, `tag os`, `path`. */
export function fieldName(plan: FieldPlan | undefined): string {
  if (plan === undefined) return '';
  return 'name' in plan ? `${plan.kind} ${fromBytes(plan.name)}` : plan.kind;
}
