// What `graylane up` has to say about where its strategy came from, and what did not start.

import type { Booted } from '@graylane/control';
import { Failure, problemText } from './failure.ts';
import { countText } from './number.ts';
import { asFailure } from './thrown.ts';

/** `source`: where this run got its strategy from, such as `the config file`. */
export function originText({ origin, failed }: Booted, source: string): string[] {
  const lines = failed.flatMap(({ wish, error }) => [`✗ ${wish.version} of ${wish.service} is not up: its users get stable`, failureText(error)]);
  switch (origin.kind) {
    case 'seeded':
      break;
    case 'continued':
      if (origin.live.length > 0) lines.push(`! going on with ${countText(origin.live.length, 'change')} made live, which ${source} does not have (graylane get prints the live strategy)`);
      break;
    case 'file-applied':
      lines.push(`${source} has changed since the last run: ${countText(origin.changes.length, 'change')} in force`, ...origin.notes);
      break;
    case 'file-differs':
      lines.push(`! ${source} and the live strategy have both changed: the live one goes on; see graylane diff, then graylane apply (what counts)`);
      break;
    case 'file-refused':
      lines.push(`✗ ${source} has changed and cannot be put in force; what ran goes on under the strategy before (correct the file, then: graylane apply)`, failureText(origin.error));
      break;
  }
  return lines;
}

function failureText(error: unknown): string {
  const failure = asFailure(error);
  return failure instanceof Failure ? failure.problems.map(problemText).join('\n') : String(error);
}
