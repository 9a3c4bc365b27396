// The decision of Kayenta's default judge (NetflixACAJudge) on one error-ratio metric, in an own reading of it:
// Mann-Whitney with a 98 % interval of the shift, compared with a quarter of its own estimate.

import type { Judge } from '../judge.ts';
import { badInMinute } from '../traffic.ts';
import type { Traffic } from '../traffic.ts';

/** Standard normal quantile of a two-sided interval of 98 %. */
const Z_98 = 2.326_347_874;
const TOLERANCE = 0.25;
const HALVINGS = 50;

/** One analysis at the end of the window, a data point a minute; later minutes are not looked at. */
export function kayenta(windowMinutes: number): Judge {
  return {
    name: `Kayenta, one analysis of ${windowMinutes} min`,
    judge: (traffic) => {
      const minutes = Math.min(windowMinutes, traffic.minutes);
      const treated = ratios(traffic, 1, minutes);
      const control = ratios(traffic, 0, minutes);
      // No data points: Kayenta marks the metric as without data, which fails nothing unless it is named critical.
      if (treated.length === 0 || control.length === 0) return { kind: 'passed', minute: minutes };
      return isHigh(treated, control) ? { kind: 'stopped', minute: minutes } : { kind: 'passed', minute: minutes };
    },
  };
}

/** Whether the treated series is classified as higher than control's. */
export function isHigh(treated: Float64Array, control: Float64Array): boolean {
  if (treated.length === control.length && treated.every((value, index) => value === control[index])) return false;
  const from = smallest(treated) - largest(control);
  const to = largest(treated) - smallest(control);
  const estimate = shiftAt(treated, control, 0, from, to);
  const low = shiftAt(treated, control, Z_98, from, to);
  return low > TOLERANCE * Math.abs(estimate);
}

/** The shift of the treated series at which the standardised rank sum equals `z`; it falls as the shift grows. */
function shiftAt(treated: Float64Array, control: Float64Array, z: number, from: number, to: number): number {
  if (standardised(treated, control, from) <= z) return from;
  if (standardised(treated, control, to) >= z) return to;
  let low = from;
  let high = to;
  for (let halving = 0; halving < HALVINGS; halving += 1) {
    const middle = (low + high) / 2;
    if (standardised(treated, control, middle) > z) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The rank sum less its mean, with a continuity correction, over its deviation corrected for ties. */
function standardised(treated: Float64Array, control: Float64Array, shift: number): number {
  const n = treated.length;
  const m = control.length;
  const shifted = treated.map((value) => value - shift).sort();
  const others = control.toSorted();
  let wins = 0;
  let ties = 0;
  let below = 0;
  for (let index = 0; index < n;) {
    const value = shifted[index] ?? 0;
    let same = 0;
    while (index < n && shifted[index] === value) { index += 1; same += 1; }
    while (below < m && (others[below] ?? 0) < value) below = skip(others, below, (count) => { ties += count ** 3 - count; });
    let equal = 0;
    while (below + equal < m && others[below + equal] === value) equal += 1;
    wins += same * (below + equal / 2);
    below += equal;
    ties += (same + equal) ** 3 - (same + equal);
  }
  while (below < m) below = skip(others, below, (count) => { ties += count ** 3 - count; });
  const distance = wins - (n * m) / 2;
  const variance = ((n * m) / 12) * (n + m + 1 - ties / ((n + m) * (n + m - 1)));
  // All points tied: the original gives up here; no shift is as good as any other.
  return variance <= 0 ? 0 : (distance - Math.sign(distance) * 0.5) / Math.sqrt(variance);
}

/** Past the run of equal values that begins at `from`. */
function skip(values: Float64Array, from: number, seen: (count: number) => void): number {
  let to = from + 1;
  while (to < values.length && values[to] === values[from]) to += 1;
  seen(to - from);
  return to;
}

function ratios(traffic: Traffic, arm: 0 | 1, minutes: number): Float64Array {
  const values: number[] = [];
  for (let minute = 0; minute < minutes; minute += 1) {
    const requests = traffic.requests[arm][minute] ?? 0;
    if (requests > 0) values.push(badInMinute(traffic, arm, minute) / requests);
  }
  return Float64Array.from(values);
}

function smallest(values: Float64Array): number {
  return values.reduce((least, value) => Math.min(least, value), Infinity);
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, value), -Infinity);
}

