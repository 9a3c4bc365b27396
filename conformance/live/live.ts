// Strategies change under load: every request is counted and every answer is held against the generation that it names.

import type { Document, WireRequest } from '../evaluator/document.ts';
import type { Answer } from './answer-reader.ts';
import { Refusal } from './api.ts';
import type { Publication } from './api.ts';
import type { Outcome } from './connection.ts';
import { Journal } from './journal.ts';
import { runLoad } from './load.ts';
import { Random } from './random.ts';
import { anyReleases } from './strategies.ts';
import { quantile } from './quantile.ts';
import { SERVICE } from './up.ts';
import type { Up } from './up.ts';
import { anyRequest } from './users.ts';

export interface LiveOptions {
  readonly up: Up;
  readonly requests: number;
  readonly strategies: number;
  readonly connections: number;
  readonly seed: number;
}

export interface LiveReport {
  readonly answered: number;
  readonly failed: number;
  readonly wrong: number;
  /** The first few of each, in words. */
  readonly examples: readonly string[];
  readonly published: number;
  /** Drawn strategies that the analysis would not have. */
  readonly refused: number;
  /** Different generations that answers named. */
  readonly seen: number;
  /** Answers from another version than stable. */
  readonly canary: number;
  /** Per publication, the longest that the one before still decided after the command's answer, in milliseconds. */
  readonly lagP99Ms: number;
  readonly lagMaxMs: number;
  readonly seconds: number;
}

const EXAMPLES = 5;
/** A release is shadowed, or no request can match it. */
const REFUSED_BY_ANALYSIS = 'GL3002';

export async function runLive(options: LiveOptions): Promise<LiveReport> {
  const run = new LiveRun(options);
  return await run.run();
}

class LiveRun {
  readonly #options: LiveOptions;
  readonly #journal = new Journal(SERVICE);
  readonly #traffic: Random;
  readonly #plans: Random;
  readonly #lags = new Map<number, number>();
  readonly #examples: string[] = [];
  /** Answers that came before the command that published their generation was answered; judged right after it. */
  #early: { readonly request: WireRequest; readonly sentAt: number; readonly answer: Answer }[] = [];
  #asked = 0;
  #answered = 0;
  #failed = 0;
  #wrong = 0;
  #canary = 0;
  #published = 0;
  #refused = 0;
  #publishing: Promise<void> | null = null;
  #broken: { readonly error: unknown } | null = null;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#traffic = new Random(options.seed);
    this.#plans = new Random(options.seed + 1);
  }

  async run(): Promise<LiveReport> {
    const startedAt = performance.now();
    await this.#publish();
    await runLoad({ port: this.#options.up.port, connections: this.#options.connections, next: () => this.#next(), onOutcome: (request, outcome) => this.#outcome(request, outcome) });
    await this.#publishing;
    if (this.#broken !== null) throw this.#broken.error;
    for (const { request, sentAt, answer } of this.#early) {
      if (!this.#judge(request, sentAt, answer)) this.#note('wrong', `an answer of a generation that no command published: ${JSON.stringify(answer)}`);
    }
    const lags = [...this.#lags.values()];
    return {
      answered: this.#answered, failed: this.#failed, wrong: this.#wrong, examples: this.#examples, published: this.#published, refused: this.#refused,
      seen: this.#lags.size, canary: this.#canary, lagP99Ms: quantile(lags, 0.99), lagMaxMs: quantile(lags, 1), seconds: (performance.now() - startedAt) / 1000,
    };
  }

  #next(): WireRequest | null {
    if (this.#asked >= this.#options.requests || this.#broken !== null) return null;
    this.#asked++;
    // The first one stood before the first request, so the last is due a share before the end.
    const due = Math.min(this.#options.strategies, 1 + Math.floor((this.#asked * this.#options.strategies) / this.#options.requests));
    if (this.#published < due && this.#publishing === null) {
      // A failed publication ends the load; its error is thrown when all asks have ended, so that the caller can still clean up.
      this.#publishing = this.#publish().catch((error: unknown) => { this.#broken = { error }; }).finally(() => (this.#publishing = null));
    }
    return anyRequest(this.#traffic);
  }

  async #publish(): Promise<void> {
    const { document, generation, askedAt, answeredAt } = await this.#anyAccepted();
    this.#journal.published(generation, document, askedAt, answeredAt);
    this.#published++;
    this.#early = this.#early.filter(({ request, sentAt, answer }) => !this.#judge(request, sentAt, answer));
  }

  /** Some of the drawn strategies have a release that is never selected; the analysis refuses them, and the next one is drawn. */
  async #anyAccepted(): Promise<Publication & { readonly document: Document }> {
    for (;;) {
      const document = this.#options.up.document(anyReleases(this.#plans));
      try {
        return { document, ...(await this.#options.up.publish(document)) };
      } catch (error) {
        if (!(error instanceof Refusal && error.code === REFUSED_BY_ANALYSIS)) throw error;
        this.#refused++;
        if (this.#refused > this.#options.strategies) throw new Error('more strategies were refused than asked for', { cause: error });
      }
    }
  }

  #outcome(request: WireRequest, outcome: Outcome): void {
    if (outcome.kind === 'failed') {
      this.#note('failed', `${outcome.why}: ${JSON.stringify(request)}`);
      return;
    }
    this.#answered++;
    if (!this.#judge(request, outcome.sentAt, outcome.answer)) this.#early.push({ request, sentAt: outcome.sentAt, answer: outcome.answer });
  }

  /** False when it cannot be judged yet. */
  #judge(request: WireRequest, sentAt: number, answer: Answer): boolean {
    const verdict = this.#journal.judge(request, sentAt, answer);
    if (verdict === null) return false;
    if (verdict.kind === 'wrong') {
      this.#note('wrong', verdict.fault);
      return true;
    }
    if (verdict.lane !== null) this.#canary++;
    this.#lags.set(verdict.generation, Math.max(this.#lags.get(verdict.generation) ?? 0, verdict.lagMs));
    return true;
  }

  #note(kind: 'failed' | 'wrong', text: string): void {
    if (kind === 'failed') this.#failed++;
    else this.#wrong++;
    if (this.#examples.length < EXAMPLES) this.#examples.push(`${kind}: ${text}`);
  }
}
