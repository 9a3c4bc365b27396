// Time and chance as parameters, so that back-off, deadlines and limits are tested without waiting.

/** A pending timer; cancelling one that has fired does nothing. */
export interface Timer { cancel(): void }

export interface Clock {
  /** Milliseconds; only differences mean something, and they never go back. */
  now(): number;
  /** Milliseconds since the epoch, for records that outlive this process. */
  wall(): number;
  after(ms: number, run: () => void): Timer;
  /** 0 ≤ x < 1. */
  random(): number;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
  random: () => Math.random(),
};
