// The text of a finding: what, where, why, what to do, and a request that shows it. Pure.

import { fromBytes, type Finding, type Witness } from '@graylane/rules';
import { inert, problemText, type Place } from './failure.ts';

const MARKS: Readonly<Record<Finding['level'], string>> = { error: '✗ error', warning: '! warning', info: '· info' };

export function findingText(finding: Finding, place: (pointer: string) => Place): string {
  const { code, level, message, places, cause, fix, witness, share, step } = finding;
  const at = places[0] === undefined ? undefined : place(places[0]);
  const when = step === undefined ? '' : ` (once ${step.release} is at ${step.percent} %)`;
  const lines = [`${MARKS[level]} ${problemText({ code, message: `${message}${when}`, place: at, cause, fix })}`];
  if (share !== undefined) lines.push(`  share: ${Math.round(share * 1_000) / 10} % of those requests`);
  if (witness !== null) lines.push(`  such as: ${inert(curlOf(witness))}`, `  goes to: ${witness.lane ?? 'stable'}`);
  return lines.join('\n');
}

/** A command that sends the witness as it stands. */
export function curlOf({ method, target, headers }: Witness): string {
  const host = headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? 'localhost';
  const lines = headers.filter(([name]) => name.toLowerCase() !== 'host').map(([name, value]) => ` -H ${quoted(`${name}: ${fromBytes(value)}`)}`);
  return `curl${method === 'GET' ? '' : ` -X ${quoted(method)}`}${lines.join('')} ${quoted(`http://${host}${target}`)}`;
}

function quoted(text: string): string {
  return /^[\w./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
