// A promise that somebody else settles. (ES2024 has Promise.withResolvers; the library level here is ES2023.)

export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: Error) => void;
}

export function deferred<T>(): Deferred<T> {
  let settle: Omit<Deferred<T>, 'promise'> | null = null;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // The executor has run by now; the compiler cannot know.
  if (settle === null) throw new Error('a promise did not run its executor');
  return Object.assign({ promise }, settle as Omit<Deferred<T>, 'promise'>);
}
