// Findings and errors for people: one line what, then where, why, what to do, and a request that shows it.

import type { Finding } from '../analyse/finding.ts';
import type { StrategyError } from '../document/report.ts';
import { curlLine } from './curl.ts';

export function findingText(finding: Finding, origin: string): string {
  const { code, level, kind, message, places, cause, fix, witness, note, share, step } = finding;
  return [
    `${level} ${code} ${kind}: ${message}`,
    ...(step === undefined ? [] : [`  when:  '${step.release}' is at ${step.percent} %`]),
    `  at:    ${places.map(visible).join(', ')}`,
    `  cause: ${visible(cause)}`,
    `  fix:   ${visible(fix)}`,
    ...(share === undefined || share === 1 ? [] : [`  share: ${Number((share * 100).toFixed(4))} % of such requests go to the winner`]),
    ...(witness === null ? [] : [`  try:   ${curlLine(witness, origin)}${witness.at === undefined ? '' : `   # at ${witness.at}`}`]),
    ...(note === undefined ? [] : [`  note:  ${visible(note)}`]),
  ].join('\n');
}

export function errorText({ code, pointer, problem, cause, fix }: StrategyError): string {
  return [`error ${code} ${visible(problem)}`, `  at:    ${visible(pointer === '' ? '/' : pointer)}`, `  cause: ${visible(cause)}`, `  fix:   ${visible(fix)}`].join('\n');
}

/** Nothing that a terminal would obey. */
function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
