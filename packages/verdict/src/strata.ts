// Counts of both arms kept apart by the share under which they came, up to a limit.
// It must not know what is counted.

import type { Arrivals } from './arrivals.ts';
import { SHARE_LIMIT } from './state.ts';

/** `strata` with the counts added, or null when this share is one too many to keep apart. */
export function addArrivals(strata: readonly Arrivals[], share: number, treated: number, control: number): readonly Arrivals[] | null {
  if (treated === 0 && control === 0) return strata;
  const index = strata.findIndex((stratum) => stratum.share === share);
  const found = strata[index];
  if (found === undefined) return strata.length < SHARE_LIMIT ? [...strata, { share, treated, control }] : null;
  return strata.with(index, { share, treated: found.treated + treated, control: found.control + control });
}
