// Which of several upstreams takes the next exchange: the better of two random ones. Pure.

export interface Candidate {
  /** Exchanges under way there. */
  readonly outstanding: number;
  readonly ewmaMs: number;
  /** In (0, 1]. */
  readonly share: number;
}

/**
 * Power of two choices (Mitzenmacher 2001) on outstanding exchanges, latency as the tie-break.
 * Looks at `count` candidates; returns an index.
 */
export function pickIndex(count: number, candidate: (index: number) => Candidate, random: () => number): number {
  if (count <= 1) return 0;
  const first = Math.floor(random() * count);
  const second = (first + 1 + Math.floor(random() * (count - 1))) % count;
  return isBetter(candidate(second), candidate(first)) ? second : first;
}

function isBetter(a: Candidate, b: Candidate): boolean {
  const loadA = (a.outstanding + 1) / a.share;
  const loadB = (b.outstanding + 1) / b.share;
  return loadA === loadB ? a.ewmaMs < b.ewmaMs : loadA < loadB;
}
