// What is known of one live release on its way to a verdict: evidence, shares, and what it is compared with; and the answer
// that follows. It must not know when somebody looks, nor where it is stored.

import type { Api } from '@graylane/wire';
import { judge } from '@graylane/verdict';
import type { ArmCounts, Guardrail, MetricGuardrail, State, VerdictConfig } from '@graylane/verdict';
import type { VerdictView } from '../release/verdicts.ts';
import { Evidence } from './evidence.ts';
import type { ArmDelta, ArmName, StoredEvidence } from './evidence.ts';
import { quantileMs } from './quantile.ts';

export interface Watch {
  readonly attempt: number;
  /** The first generation of this attempt; what an earlier one counted is not about it. */
  readonly since: number;
  readonly evidence: Evidence;
  /** The treated share of each generation, null where there is no one share. */
  readonly shares: Map<number, number | null>;
  /** Beside the usual two, errors and slow requests. */
  readonly metrics: readonly MetricGuardrail[];
  /** False where each request is drawn for itself: then nobody will be told apart. */
  readonly hasUsers: boolean;
  /** Whose stable requests are the control where the whole audience is in. */
  readonly services: ReadonlySet<string>;
  /** What it is compared with: the stable versions of its services, as text. Empty where an earlier graylane stored it. */
  readonly control: string;
  /** Null until it is clear whether users can be told apart. */
  state: State | null;
  /** The last answer, until something new comes in: asking is cheap, judging is not. */
  answer: { readonly closing: boolean; readonly verdict: VerdictView } | null;
}

export interface StoredWatch {
  readonly attempt: number;
  readonly since: number;
  readonly evidence: StoredEvidence;
  readonly shares: readonly (readonly [number, number | null])[];
  /** Absent in what an earlier graylane stored. */
  readonly metrics?: readonly MetricGuardrail[];
  readonly hasUsers?: boolean;
  readonly services?: readonly string[];
  readonly control?: string;
  readonly state: State | null;
}

/** So many requests without anybody who comes back, and the requests are what is counted: a first visit has no key yet. */
const STRANGERS = 50;

/** As it was stored, perhaps by an earlier graylane. */
export function restored({ attempt, since, evidence, shares, metrics = [], hasUsers = true, services = [], control = '', state }: StoredWatch): Watch {
  return { attempt, since, state, answer: null, evidence: new Evidence(evidence), shares: new Map(shares), metrics, hasUsers, services: new Set(services), control };
}

export function toStored({ attempt, since, state, evidence, shares, metrics, hasUsers, services, control }: Watch): StoredWatch {
  return { attempt, since, state, evidence: evidence.toStored(), shares: [...shares], metrics, hasUsers, services: [...services], control };
}

/** Whether it is known what to count. Until then counts wait. */
export function isSettled({ evidence, hasUsers }: Watch): boolean {
  return !hasUsers || evidence.knowsUsers || requestsOf(evidence) >= STRANGERS;
}

function requestsOf(evidence: Evidence): number {
  return evidence.totals('treated').requests + evidence.totals('control').requests;
}

function unsettledText(requests: number): string {
  if (requests === 0) return 'no request of its audience was counted yet';
  return `${requests} requests of its audience were counted, none of them of a user who came back; users are waited for until there are ${STRANGERS}`;
}

/** Whether its whole audience is in, so that nobody is out by the bucket. */
export function isWhole({ shares }: Watch): boolean {
  const [first] = shares.values();
  return first === 1;
}

/** Settled by the first counts: whether users are known, and whether there is one share by which they are drawn. */
export function configFor(watch: Watch): VerdictConfig {
  const newest = [...watch.shares.values()].at(-1) ?? null;
  const randomised = newest !== null && !isWhole(watch);
  // Users of stable as a whole are not told apart.
  const counting = watch.evidence.knowsUsers && !isWhole(watch) ? 'users' as const : 'requests' as const;
  const usual: readonly Guardrail[] = [{ kind: 'share', name: 'errors', counting }, { kind: 'share', name: 'slow', counting }];
  return { guardrails: [...usual, ...watch.metrics], control: randomised ? 'randomised' : 'stable' };
}

export function armView(arm: ArmName, evidence: Evidence): Api<'Arm'> {
  const { users, requests, failed, slow, latency } = evidence.totals(arm);
  return { arm, users, requests, failed, slow, p50Ms: quantileMs(latency, 0.5), p95Ms: quantileMs(latency, 0.95), p99Ms: quantileMs(latency, 0.99) };
}

export function verdictOf({ state, evidence: seen }: Watch, closing: boolean): VerdictView {
  if (state === null) return { answer: closing ? 'inconclusive' : 'waiting', reasons: [unsettledText(requestsOf(seen))], evidence: [] };
  const { answer, reasons, evidence } = judge(state, { closing });
  return { answer, reasons: reasons.map(({ text }) => text), evidence: evidence.map((one) => ({ ...one })) };
}

export function armCounts(delta: ArmDelta, users: boolean): ArmCounts {
  const { requests, failed, slow, badUsers, slowUsers } = delta;
  if (users) return { units: delta.users, fresh: delta.fresh, requests, bad: { errors: badUsers, slow: slowUsers } };
  // Requests of one user come in bursts: how they split between the arms says nothing, so none of them is drawn afresh.
  return { units: requests, fresh: 0, requests, bad: { errors: failed, slow } };
}
