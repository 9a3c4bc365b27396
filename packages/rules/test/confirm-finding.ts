// Whether a finding's witness does what the finding says, by the evaluator that shares nothing with the router.

import assert from 'node:assert/strict';

import type { Finding, StrategyDocument } from '../src/index.ts';
import { percentAt, subjectOf } from './analysis-oracle.ts';
import { evaluate } from './oracle.ts';

/** Shares of random strategies are not so small that these all miss. */
const DRAWS = 5_000;

/** False when the finding has and needs no witness. */
export function confirmWitness(document: StrategyDocument, finding: Finding): boolean {
  const { witness, step } = finding;
  if (finding.kind === 'never-matches' || finding.kind === 'nobody-in') return false;
  assert.ok(witness !== null, `${subjectOf(finding)} has no witness`);
  const at = step === undefined ? document : { ...document, releases: (document.releases ?? []).map((release) => (release.name === step.release ? percentAt(release, step.percent) : release)) };
  const request = { method: witness.method, target: witness.target, rawHeaders: witness.headers.flat() };
  const matching = (name: string): boolean => evaluate({ ...at, releases: (at.releases ?? []).filter((release) => release.name === name).map((release) => ({ ...release, percent: 100, holdback: 0, when: release.when.map((spec) => ({ ...spec, percent: 100 })) })) }, request, { id: '', draw: '' }).lane === name;
  const leads = (lane: string | null): boolean => ('winner' in finding ? lane === finding.winner : 'by' in finding ? lane !== null && lane !== finding.release : true);
  // Where a share is drawn per request, one of the draws has to lead where the finding says.
  const draws = usesChance(at) ? DRAWS : 1;
  let draw = 0;
  while (draw < draws && !leads(evaluate(at, request, { id: `id${draw}`, draw: String(draw) }).lane)) draw += 1;
  assert.ok(draw < draws, `${subjectOf(finding)}: the witness goes elsewhere`);
  const involved = 'releases' in finding ? finding.releases : 'release' in finding ? [finding.release] : [];
  for (const name of involved) assert.ok(matching(name), `${name} does not match`);
  return true;
}

function usesChance(document: StrategyDocument): boolean {
  return (document.releases ?? []).some(({ stickyBy }) => (stickyBy ?? ['anonymous']).some((key) => key === 'anonymous' || key === 'request'));
}
