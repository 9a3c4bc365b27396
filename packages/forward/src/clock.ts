// Time as a parameter, so that tests own it.

export interface Clock {
  /** Milliseconds from any origin, never going back. */
  now(): number;
  /** Calls `task` about every `ms` until the returned function is called; keeps no process alive. */
  every(ms: number, task: () => void): () => void;
  /** Calls `task` once, unless the returned function is called before; keeps no process alive. */
  after(ms: number, task: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  every: (ms, task) => {
    const timer = setInterval(task, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
  after: (ms, task) => {
    const timer = setTimeout(task, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
