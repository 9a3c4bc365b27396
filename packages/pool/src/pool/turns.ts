// One piece of work at a time, in order; a waiting one that nobody has begun can be replaced by a newer one.

interface Turn { work: () => Promise<void>; readonly done: PromiseWithResolvers<null> }

export class Turns {
  #tail: Promise<unknown> = Promise.resolve();
  readonly #waiting = new Map<string, Turn>();

  /** Runs `work` after everything that was asked for before it. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** As `run`, but at most one of a `kind` waits: a newer one takes its place, and both callers get its result. */
  async runLatest(kind: string, work: () => Promise<void>): Promise<void> {
    const waiting = this.#waiting.get(kind);
    if (waiting !== undefined) {
      waiting.work = work;
      await waiting.done.promise;
      return;
    }
    const turn: Turn = { work, done: Promise.withResolvers<null>() };
    this.#waiting.set(kind, turn);
    this.run(() => {
      this.#waiting.delete(kind);
      return turn.work();
    }).then(() => turn.done.resolve(null), turn.done.reject);
    await turn.done.promise;
  }
}
