// Does a running pool already run what is asked for? Compared with all defaults filled in.

import { fullSpec } from './spec.ts';
import type { FullSpec, PoolSpec } from './spec.ts';

/** Public slots are left out: a pool goes from `hold` to `open` by being opened, not by being replaced. */
export function runsSpec(running: FullSpec, asked: PoolSpec): boolean {
  return text(running) === text(fullSpec({ ...asked, publicSlots: running.publicSlots }));
}

function text(spec: FullSpec): string {
  return JSON.stringify(Object.entries(spec).sort(([a], [b]) => (a < b ? -1 : 1)));
}
