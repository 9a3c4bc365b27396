// One line for each stored event: what moved, who did it, and why. Pure.

import type { Api } from '@graylane/wire';
import { inertLine } from './failure.ts';

/** Names are mostly short; longer ones only push what follows. */
const SUBJECT_WIDTH = 12;

export function happeningText({ at, kind, subject, from, to, who, why }: Api<'Event'>): string {
  const moved = from === '' ? to : `${from} → ${to === '' ? 'ended' : to}`;
  return inertLine(`${at.slice(0, 19).replace('T', ' ')}  ${kind.padEnd(8)}  ${subject.padEnd(SUBJECT_WIDTH)}  ${moved} · ${who}: ${why}`);
}
