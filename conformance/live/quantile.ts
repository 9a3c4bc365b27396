// Quantiles of a list of numbers. Pure.

/** The smallest value that is not below a share `q` of all; 0 of an empty list. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? 0;
}
