// A seeded source of randomness and the draws that traffic is made of.

export interface Random {
  /** Uniform in (0, 1). */
  uniform(): number;
  /** Exponential with mean 1. */
  exponential(): number;
  /** Standard normal. */
  normal(): number;
  poisson(mean: number): number;
  /** 1, 2, … with this mean: errors of one affected user. */
  geometric(mean: number): number;
}

/** Small fast counting generator (sfc32); the same seed gives the same traffic on every machine. */
export function seeded(seed: number): Random {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = seed | 0;
  let counter = 1;
  const next = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let warm = 0; warm < 16; warm += 1) next();
  const uniform = (): number => (next() + 0.5) / 4294967296;
  const exponential = (): number => -Math.log(uniform());
  const normal = (): number => Math.sqrt(2 * exponential()) * Math.cos(2 * Math.PI * uniform());
  return {
    uniform, exponential, normal,
    poisson: (mean) => (mean < 10 ? poissonByProduct(mean, uniform) : poissonByRejection(mean, uniform)),
    geometric: (mean) => (mean <= 1 ? 1 : 1 + Math.floor(Math.log(uniform()) / Math.log(1 - 1 / mean))),
  };
}

function poissonByProduct(mean: number, uniform: () => number): number {
  const end = Math.exp(-mean);
  let count = 0;
  for (let product = uniform(); product > end; product *= uniform()) count += 1;
  return count;
}

/** Transformed rejection with squeeze (PTRS; Hörmann 1993), exact for means from 10 on. */
function poissonByRejection(mean: number, uniform: () => number): number {
  const root = Math.sqrt(mean);
  const b = 0.931 + 2.53 * root;
  const a = -0.059 + 0.02483 * b;
  const inverseAlpha = 1.1239 + 1.1328 / (b - 3.4);
  const accept = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const u = uniform() - 0.5;
    const v = uniform();
    const distance = 0.5 - Math.abs(u);
    const count = Math.floor(((2 * a) / distance + b) * u + mean + 0.43);
    if (distance >= 0.07 && v <= accept) return count;
    if (count < 0 || (distance < 0.013 && v > distance)) continue;
    if (Math.log(v) + Math.log(inverseAlpha) - Math.log(a / (distance * distance) + b) <= count * Math.log(mean) - mean - logFactorial(count)) return count;
  }
}

/** Stirling's series; exact to a double from 10 on, a table below. */
function logFactorial(n: number): number {
  if (n < 10) return SMALL_LOG_FACTORIALS[n] ?? 0;
  const x = n + 1;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + 1 / (12 * x) - 1 / (360 * x ** 3);
}

const SMALL_LOG_FACTORIALS: readonly number[] = [1, 1, 2, 6, 24, 120, 720, 5040, 40320, 362880].map(Math.log);
