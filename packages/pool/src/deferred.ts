// A promise that somebody else settles. (ES2024 has Promise.withResolvers; the library level here is ES2023.)

export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: Error) => void;
}

export function deferred<T>(): Deferred<T> {
  const settle: { resolve: (value: T) => void; reject: (reason: Error) => void } = { resolve: () => undefined, reject: () => undefined };
  const promise = new Promise<T>((resolve, reject) => Object.assign(settle, { resolve, reject }));
  return { promise, resolve: settle.resolve, reject: settle.reject };
}
