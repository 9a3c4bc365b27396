// `--first zone=a --first-for 60s`: which machines begin with a new strategy before the others.

import type { FirstStage } from '@graylane/control';
import { durationMs } from '@graylane/rules';
import { exit, Failure, type Problem } from '../print/failure.ts';

/** Long enough for a person's dashboard to show something, short enough to wait for. */
const FOR = '60s';

/** Null when nobody goes first. Throws Failure with everything that is wrong. */
export function firstStageFrom({ first, firstFor }: { readonly first?: string; readonly firstFor?: string }): FirstStage | null {
  const problems: Problem[] = [];
  if (first === undefined) {
    if (firstFor !== undefined) throw new Failure({ code: 'GL0096', message: '--first-for is about --first', fix: 'name a label: --first zone=a' }, exit.usage);
    return null;
  }
  const [, name, value] = /^([A-Za-z0-9][A-Za-z0-9._/-]{0,62})=([A-Za-z0-9._-]{0,63})$/.exec(first) ?? [];
  const forMs = durationMs(firstFor ?? FOR);
  if (name === undefined || value === undefined) problems.push({ code: 'GL0096', message: `--first ${first} is no label`, fix: 'write --first zone=a, for machines that join with --label zone=a' });
  if (forMs === null) problems.push({ code: 'GL0096', message: `--first-for ${firstFor ?? ''} is no time`, fix: 'write --first-for 60s' });
  if (name === undefined || value === undefined || forMs === null) throw new Failure(problems, exit.usage);
  return { label: [name, value], forMs };
}
