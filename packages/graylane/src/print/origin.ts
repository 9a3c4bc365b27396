// What `graylane up` has to say about where its strategy came from, and what did not start.

import type { Booted } from '@graylane/control';
import type { ReleaseSpec } from '@graylane/rules';
import { Failure, problemText } from './failure.ts';
import { countText } from './number.ts';
import { asFailure } from './thrown.ts';

/** The source of a strategy that came from no file. */
export const COMMAND_LINE = 'the command line';

/** `source`: where this run got its strategy from, such as `the config file`; `releases` are those in force. */
export function originText({ origin, failed }: Booted, source: string, releases: readonly ReleaseSpec[] = []): string[] {
  const lines = failed.flatMap(({ wish, error }) => {
    const release = releases.find(({ versions }) => versions[wish.service] === wish.version);
    return [
      `✗ ${wish.version} of ${wish.service} is not up: its users get stable`, failureText(error),
      ...(release === undefined ? [] : [`  when that is mended: graylane rollback ${release.name}, then graylane start ${release.name}`]),
    ];
  });
  switch (origin.kind) {
    case 'seeded':
      break;
    case 'continued':
      if (origin.live.length > 0) lines.push(`! going on with ${countText(origin.live.length, 'change')} made live, which ${source} does not have (${wayOf(source)})`);
      break;
    case 'file-applied':
      lines.push(`${source} has changed since the last run: ${countText(origin.changes.length, 'change')} in force`, ...origin.notes);
      break;
    case 'file-differs':
      lines.push(`! ${source} and the live strategy have both changed: the live one goes on (${wayOf(source)})`);
      break;
    case 'file-refused':
      lines.push(`✗ ${source} has changed and cannot be put in force; what ran goes on under the strategy before (correct the file, then: graylane apply)`, failureText(origin.error));
      break;
  }
  return lines;
}

/** A file can be compared and applied; a command line comes to an end only with a new beginning. */
function wayOf(source: string): string {
  return source === COMMAND_LINE
    ? 'keep it as a file: graylane get > graylane.config.yaml; or begin anew, history and all: graylane down, remove .graylane/store.db*, start again'
    : 'see graylane diff, then graylane apply, or graylane get for what is in force';
}

function failureText(error: unknown): string {
  const failure = asFailure(error);
  return failure instanceof Failure ? failure.problems.map(problemText).join('\n') : String(error);
}
