// The text of `graylane compare`: both arms of a release side by side, with the interval of each guardrail and what is allowed.

import type { Api } from '@graylane/wire';
import { inertLine } from './failure.ts';
import { durationText, percentText, significant } from './number.ts';
import { table } from './table.ts';
import { differenceText, intervalText, verdictText } from './verdict.ts';

type Comparison = Api<'Comparison'>;
type Evidence = Api<'Evidence'>;

export function comparisonText(comparison: Comparison, columns: number): string {
  const { release, phase, at, live, arms, verdict } = comparison;
  const head = `${release} · ${phase} · ${live ? 'now' : `as of ${at.slice(0, 19).replace('T', ' ')} UTC`}`;
  const rows = [...armRows(arms), ...(verdict?.evidence ?? []).map(evidenceRow)];
  const blocks = [head];
  if (rows.length > 0) blocks.push(table([['', 'treated', 'control', 'treated : control', 'allowed', 'difference'], ...rows], columns));
  blocks.push(verdict === null ? 'no verdict: nothing has been measured' : [`verdict  ${verdictText(verdict)}`, ...verdict.reasons.map((reason) => `  ${inertLine(reason)}`)].join('\n'));
  return blocks.join('\n\n');
}

function armRows(arms: Comparison['arms']): readonly (readonly string[])[] {
  const of = (name: 'treated' | 'control'): Comparison['arms'][number] | undefined => arms.find(({ arm }) => arm === name);
  const treated = of('treated');
  const control = of('control');
  if (treated === undefined || control === undefined) return [];
  const row = (title: string, cell: (arm: Comparison['arms'][number]) => string): readonly string[] => [title, cell(treated), cell(control)];
  return [
    row('users', ({ users }) => (users === 0 ? '–' : String(users))),
    row('requests', ({ requests }) => String(requests)),
    row('failed', ({ failed, requests }) => shareText(failed, requests)),
    row('over 1 s', ({ slow, requests }) => shareText(slow, requests)),
    row('p50', ({ p50Ms }) => durationText(p50Ms)),
    row('p95', ({ p95Ms }) => durationText(p95Ms)),
    row('p99', ({ p99Ms }) => durationText(p99Ms)),
  ];
}

function shareText(part: number, all: number): string {
  return all === 0 ? '–' : `${part} (${percentText((100 * part) / all)})`;
}

const UNITS: Readonly<Record<Evidence['unit'], string>> = { user: 'by user', request: 'by request', block: 'by minute' };

function evidenceRow(evidence: Evidence): readonly string[] {
  const { guardrail, unit, kind, treated, control, limit, difference } = evidence;
  const estimate = (value: number | null): string => (value === null ? '–' : kind === 'share' ? percentText(value * 100) : significant(value));
  return [`${guardrail} ${UNITS[unit]}`, estimate(treated.estimate), estimate(control.estimate), intervalText(evidence), `×${significant(limit)}`, difference === null ? '' : differenceText(difference)];
}
