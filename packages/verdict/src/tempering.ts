// How much evidence to take from each of several bad requests that one user may have made.
// It must not know which of them belong together: only how many there are of one user on average.

/** Halvings of the interval in which the power is sought; its lower end is used, so that the error is on the safe side. */
const HALVINGS = 20;

/**
 * The power to which a likelihood ratio per request is raised when the bad requests of one user come together, in a
 * number that is geometric with mean `perUser` (or less dispersed, such as always the same number).
 *
 * A user's arm is drawn once, with probability `treated` of the treated one: the user's requests contribute exp(logTreated·power·K),
 * or exp(logControl·power·K). The power is the largest for which the mean of that is at most 1, so that users, not requests, make an
 * e-process. The mean is convex in the power and 1 at 0, so that smaller powers are valid too.
 */
export function temperedPower(treated: number, logTreated: number, logControl: number, perUser: number): number {
  if (perUser === 1) return 1;
  const isValid = (power: number): boolean => treated * generating(logTreated * power, perUser) + (1 - treated) * generating(logControl * power, perUser) <= 1;
  let valid = 0;
  let invalid = 1;
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = (valid + invalid) / 2;
    if (isValid(middle)) valid = middle;
    else invalid = middle;
  }
  return valid;
}

/** The mean of exp(log·K) for K geometric on 1, 2, … with this mean; infinite where it does not exist. */
function generating(log: number, mean: number): number {
  const z = Math.exp(log);
  const rest = mean - (mean - 1) * z;
  return rest > 0 ? z / rest : Infinity;
}

/** By how much the variance of a count grows when its events come in such groups: E[K²] / E[K] (Kish's design effect). */
export function designEffect(perUser: number): number {
  return 2 * perUser - 1;
}
