// A verdict in one cell: the answer, and the interval that says the most about it. Pure.

import type { Api } from '@graylane/wire';
import { percentText, significant } from './number.ts';

type Verdict = Api<'Verdict'>;
type Evidence = Api<'Evidence'>;
type Interval = Api<'Interval'>;

const MARKS: Readonly<Record<Verdict['answer'], string>> = { harm: '✗ harm', go: '✓ go', inconclusive: '? inconclusive', waiting: '… waiting' };

export function verdictText(verdict: Verdict | null | undefined): string {
  if (verdict === null || verdict === undefined) return '–';
  const evidence = telling(verdict.evidence);
  return evidence === null ? MARKS[verdict.answer] : `${MARKS[verdict.answer]} · ${evidence.guardrail} ${intervalText(evidence)}`;
}

/** `×4.9 (2.8–8.4)`, the treated arm against control; the difference of shares where there is no ratio yet. */
export function intervalText({ ratio, difference }: Evidence): string {
  if (ratio.estimate !== null) return `×${significant(ratio.estimate)} (${bound(ratio.low)}–${bound(ratio.high)})`;
  if (difference !== null && difference.estimate !== null) return differenceText(difference);
  return '–';
}

export function differenceText({ estimate, low, high }: Interval): string {
  const points = (value: number | null): string => (value === null ? '…' : percentText(value * 100));
  return `${estimate !== null && estimate > 0 ? '+' : ''}${points(estimate)} (${points(low)} to ${points(high)})`;
}

/** What was exceeded, else what has no bound yet, else the first. */
function telling(evidence: readonly Evidence[]): Evidence | null {
  return evidence.find(({ crossed }) => crossed !== null) ?? evidence.find(({ bounded, treated }) => bounded === null && treated.n > 0) ?? evidence[0] ?? null;
}

function bound(value: number | null): string {
  return value === null ? '…' : significant(value);
}
