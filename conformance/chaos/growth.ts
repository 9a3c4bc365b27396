// Whether a process grows: the last quarter of its samples against the second, so that the warm-up counts for nothing.

export type Sample = Readonly<Record<string, number>>;

/** What one quarter may have more than the other: counts by number, bytes by share. */
export interface Allowance {
  readonly figure: string;
  readonly more?: number;
  readonly ratio?: number;
}

/** Each figure that rose beyond its allowance, as a line; none when there are too few samples to tell. */
export function growth(samples: readonly Sample[], allowances: readonly Allowance[]): readonly string[] {
  const quarter = Math.floor(samples.length / 4);
  if (quarter < 2) return [];
  return allowances.flatMap(({ figure, more = 0, ratio = 1 }) => {
    const early = mean(samples.slice(quarter, 2 * quarter), figure);
    const late = mean(samples.slice(-quarter), figure);
    return late > early * ratio + more ? [`${figure} rose from ${early.toFixed(1)} to ${late.toFixed(1)}`] : [];
  });
}

function mean(samples: readonly Sample[], figure: string): number {
  return samples.reduce((sum, sample) => sum + (sample[figure] ?? 0), 0) / samples.length;
}
