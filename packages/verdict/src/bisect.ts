// Finds where a monotone condition turns, to the resolution that a reader of an interval can use.

/** Of the intervals that are used here, some sixty logarithms wide, they leave less than a ten-millionth. */
const HALVINGS = 30;

/** The largest point at which `holds` is true, when it is true at `from` and turns false once on the way to `to`. */
export function lastHolding(from: number, to: number, holds: (point: number) => boolean): number {
  if (holds(to)) return to;
  let inside = from;
  let outside = to;
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = (inside + outside) / 2;
    if (holds(middle)) inside = middle;
    else outside = middle;
  }
  return inside;
}
