// How long a seat waits after a crash: exponential, capped, jittered, and forgotten once a worker has stayed up. Pure.

export interface BackoffPlan {
  readonly firstMs: number;
  readonly capMs: number;
  /** A worker that was ready for this long wipes the slate. */
  readonly stableAfterMs: number;
  /** Crashes in a row after which the seat is flagged as failed. */
  readonly maxCrashes: number;
}

/** First restart within a tenth of a second; a loop settles at two a minute and is called failed after about two minutes. */
export const DEFAULT_BACKOFF: BackoffPlan = { firstMs: 100, capMs: 30_000, stableAfterMs: 30_000, maxCrashes: 12 };

/** How one worker's life ended, as far as back-off cares. */
export interface Ending {
  /** How long it was ready, 0 if it never was. */
  readonly readyForMs: number;
  /** A signal from outside ended it; that says nothing against the program. */
  readonly killedFromOutside: boolean;
}

export interface BackoffStep {
  /** Crashes in a row, this one included. */
  readonly crashes: number;
  readonly delayMs: number;
  readonly failed: boolean;
}

/** A worker that somebody kills must be ready this long before its death counts as no crash; else an OOM loop would spin. */
const KILL_GRACE_MS = 1_000;

/** `random` is 0 ≤ x < 1; the delay falls between half of its nominal value and the whole. */
export function afterCrash(plan: BackoffPlan, crashesBefore: number, ending: Ending, random: number): BackoffStep {
  const forgiven = ending.readyForMs >= plan.stableAfterMs || (ending.killedFromOutside && ending.readyForMs >= KILL_GRACE_MS);
  const crashes = forgiven ? 1 : crashesBefore + 1;
  // 2^30 is beyond any cap; the exponent is bounded so that the product stays finite.
  const nominal = Math.min(plan.capMs, plan.firstMs * 2 ** Math.min(crashes - 1, 30));
  return { crashes, delayMs: nominal * (0.5 + random / 2), failed: crashes >= plan.maxCrashes };
}
