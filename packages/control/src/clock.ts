// Time as the control plane sees it, so that tests can run a day in a millisecond. It must not know what is timed.

/** Cancels what was scheduled; calling it twice is harmless. */
export type Cancel = () => void;

export interface Clock {
  /** Wall-clock milliseconds since 1970, for what people read. It may jump in either direction. */
  now(): number;
  /** Milliseconds that never go back, for every duration and deadline. */
  monotonic(): number;
  /** Calls `run` once after `delayMs`; never keeps the process alive. */
  after(delayMs: number, run: () => void): Cancel;
}

/** setTimeout takes 31 bits of milliseconds and fires at once beyond them. */
const LONGEST_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, Math.min(Math.max(0, delayMs), LONGEST_TIMER_MS));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
