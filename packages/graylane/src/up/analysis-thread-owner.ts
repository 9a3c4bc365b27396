// Owns the thread of the analysis: starts it for a question, ends it when it takes too long, fails or has nothing to do.

import { Worker } from 'node:worker_threads';
import type { Answer, Answered, Asked, Question } from './analysis-messages.ts';

/** Twice what 10,000 releases may take. */
const TIMEOUT_MS = 60_000;
/** Between two commands of a person; a thread that waits costs some megabytes. */
const IDLE_MS = 30_000;
/** What the largest strategies need, several times over; past it the thread ends, not the supervisor. */
const MEMORY_MB = 2_048;
/** Questions that wait: an apply each, and nobody makes so many at once. */
const WAITING_LIMIT = 64;

export interface AnalysisThreadOptions {
  readonly timeoutMs?: number;
  readonly idleMs?: number;
  /** The thread's program. */
  readonly file?: URL;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly timer: NodeJS.Timeout;
}

export class AnalysisThread {
  readonly #timeoutMs: number;
  readonly #idleMs: number;
  readonly #file: URL;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #idle: NodeJS.Timeout | null = null;
  #last = 0;

  constructor({ timeoutMs = TIMEOUT_MS, idleMs = IDLE_MS, file = ownFile() }: AnalysisThreadOptions = {}) {
    this.#timeoutMs = timeoutMs;
    this.#idleMs = idleMs;
    this.#file = file;
  }

  /** Never rejects: what goes wrong is an answer too. */
  ask(question: Question): Promise<Answer> {
    if (this.#waiting.size >= WAITING_LIMIT) return Promise.resolve(failed(`${WAITING_LIMIT} others are waiting already`));
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    const worker = this.#worker ??= this.#start();
    // From here on somebody waits for it.
    worker.ref();
    const id = this.#last += 1;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#end(`it took more than ${this.#timeoutMs / 1_000} s`), this.#timeoutMs);
      this.#waiting.set(id, { resolve, timer });
      const asked: Asked = { id, question };
      worker.postMessage(asked);
    });
  }

  /** Whether a thread is there. */
  get running(): boolean {
    return this.#worker !== null;
  }

  #start(): Worker {
    const worker = new Worker(this.#file, { resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB }, name: 'analysis' });
    worker.on('message', ({ id, answer }: Answered) => this.#settle(id, answer));
    worker.on('error', (error) => {
      if (this.#worker === worker) this.#end(error.message);
    });
    worker.on('exit', (code) => {
      if (this.#worker === worker) this.#end(`its thread ended with code ${code}`);
    });
    return worker;
  }

  #settle(id: number, answer: Answer): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    clearTimeout(waiting.timer);
    this.#waiting.delete(id);
    waiting.resolve(answer);
    if (this.#waiting.size > 0) return;
    this.#worker?.unref();
    this.#idle = setTimeout(() => this.#end('idle'), this.#idleMs).unref();
  }

  /** Whoever waits gets an answer; the next question starts a new thread. */
  #end(why: string): void {
    const worker = this.#worker;
    this.#worker = null;
    if (this.#idle !== null) clearTimeout(this.#idle);
    this.#idle = null;
    for (const { resolve, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      resolve(failed(why));
    }
    this.#waiting.clear();
    void worker?.terminate();
  }
}

function failed(why: string): Answer {
  return { kind: 'failed', why };
}

/** Beside this file, as source or as built. */
function ownFile(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './analysis-thread.ts' : './analysis-thread.js', import.meta.url);
}
