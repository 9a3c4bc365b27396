// The text of a finding: what, where, why, what to do, and a request that shows it. Pure.

import { curlLine, type Finding } from '@graylane/rules';
import type { Witness } from './entry.ts';
import { inert, problemText, type Place } from './failure.ts';

const MARKS: Readonly<Record<Finding['level'], string>> = { error: '✗ error', warning: '! warning', info: '· info' };

/** `origin`: where a request that shows it is sent. */
export function findingText(finding: Finding, place: (pointer: string) => Place, origin: (witness: Witness) => string): string {
  const { code, level, message, places, cause, fix, witness, share, step } = finding;
  const at = places[0] === undefined ? undefined : place(places[0]);
  const when = step === undefined ? '' : ` (once ${step.release} is at ${step.percent} %)`;
  const lines = [`${MARKS[level]} ${problemText({ code, message: `${message}${when}`, place: at, cause, fix })}`];
  if (share !== undefined) lines.push(`  share: ${Math.round(share * 1_000) / 10} % of those requests`);
  if (witness !== null) lines.push(`  such as: ${inert(curlLine(witness, origin(witness)))}`, `  goes to: ${witness.lane ?? 'stable'}`);
  return lines.join('\n');
}
