// Time as a parameter, so that tests own it.

export interface Clock {
  /** Milliseconds from any origin, never going back. */
  now(): number;
  /** Calls `task` about every `ms` until the returned function is called; keeps no process alive. */
  every(ms: number, task: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  every: (ms, task) => {
    const timer = setInterval(task, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};
