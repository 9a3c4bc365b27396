// The text of a semantic difference: which requests go elsewhere, and one to show for each. Pure.

import { curlLine, type Change, type Difference } from '@graylane/rules';
import type { Witness } from './entry.ts';

export function differenceText({ changes, complete }: Difference, origin: (witness: Witness) => string): string {
  const lines = changes.map((change) => changeText(change, origin));
  if (changes.length === 0) lines.push('every request goes where it went');
  if (!complete) lines.push('not decided: the search was bounded, there may be more');
  return lines.join('\n\n');
}

function changeText({ before, after, services, witness }: Change, origin: (witness: Witness) => string): string {
  const moves = services.map((move) => `  ${move.service}: ${move.before ?? 'nowhere'} → ${move.after ?? 'nowhere'}`);
  const request = witness === null ? [] : [`  such as: ${curlLine(witness, origin(witness))}`];
  return [`requests of ${before ?? 'stable'} go to ${after ?? 'stable'}`, ...moves, ...request].join('\n');
}
