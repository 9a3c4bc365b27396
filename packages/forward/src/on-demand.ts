// A part of this package that is loaded by the first who needs it. It knows not what it loads.

type Use<T> = (use: (module: T) => void, failed: (fault: unknown) => void) => void;

/** Returns a function that hands the loaded module on: at once from the second time on, a moment later the first time. */
export function onDemand<T>(load: () => Promise<T>): Use<T> {
  let loaded: T | null = null;
  return (use, failed) => {
    if (loaded !== null) use(loaded);
    else load().then((module) => use(loaded = module), failed);
  };
}
