// Which of several upstreams takes the next exchange: the better of two random ones. Pure.

export interface Candidate {
  /** Exchanges under way there. */
  readonly outstanding: number;
  readonly ewmaMs: number;
  /** In (0, 1]. */
  readonly share: number;
}

/**
 * Power of two choices (Mitzenmacher 2001) on outstanding exchanges, latency as the tie-break. A fresh candidate that wins
 * is taken with its share as the probability, so that it warms up at any load.
 * Looks at `count` candidates; returns an index.
 */
export function pickIndex(count: number, candidate: (index: number) => Candidate, random: () => number): number {
  if (count <= 1) return 0;
  const first = Math.floor(random() * count);
  const second = (first + 1 + Math.floor(random() * (count - 1))) % count;
  const [winner, loser] = isBetter(candidate(second), candidate(first)) ? [second, first] : [first, second];
  const { share } = candidate(winner);
  return share < 1 && random() >= share ? loser : winner;
}

function isBetter(a: Candidate, b: Candidate): boolean {
  return a.outstanding === b.outstanding ? a.ewmaMs < b.ewmaMs : a.outstanding < b.outstanding;
}
