// Clients that count every request: each has an id, and exactly one outcome. They trust nothing that the product says.

import http from 'node:http';

/** How a client behaves: a kept connection, a new one per request, or a body that takes its time. */
export type Manner = 'keep-alive' | 'new-connection' | 'slow-upload';

export interface Failure {
  readonly id: string;
  readonly manner: Manner;
  /** Milliseconds since the load began. */
  readonly sentMs: number;
  readonly failedMs: number;
  readonly why: string;
}

export interface Tally {
  readonly answers: number;
  readonly byVersion: ReadonlyMap<string, number>;
  readonly failures: readonly Failure[];
  readonly latenciesMs: ReadonlyMap<Manner, readonly number[]>;
}

export interface LoadOptions {
  readonly port: number;
  readonly manners: readonly Manner[];
  /** Pause between a client's requests, 0 for none. */
  readonly pauseMs: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A slow body is sent in this many pieces. */
const PIECES = 4;
const PIECE_BYTES = 256;
const PIECE_EVERY_MS = 10;
/** A request that is neither answered nor refused within this is a failure of its own kind. */
const PATIENCE_MS = 15_000;
/** Latencies kept of each manner; beyond it every second one is dropped, which leaves quantiles as they are. */
const LATENCY_LIMIT = 200_000;

export class Load {
  readonly #options: LoadOptions;
  readonly #began = performance.now();
  readonly #failures: Failure[] = [];
  readonly #byVersion = new Map<string, number>();
  readonly #ended: Promise<unknown>;
  readonly #latencies = new Map<Manner, number[]>();
  #answers = 0;
  #going = true;
  #waiting = new Set<() => void>();

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#ended = Promise.all(options.manners.map((manner, client) => this.#live(manner, client)));
  }

  get answers(): number { return this.#answers; }
  get failures(): readonly Failure[] { return this.#failures; }
  get elapsedMs(): number { return performance.now() - this.#began; }

  /** Resolves after this many more answers. */
  more(answers: number): Promise<void> {
    const goal = this.#answers + answers;
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.#answers < goal) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  async stop(): Promise<Tally> {
    this.#going = false;
    await this.#ended;
    return { answers: this.#answers, byVersion: this.#byVersion, failures: this.#failures, latenciesMs: this.#latencies };
  }

  async #live(manner: Manner, client: number): Promise<void> {
    const agent = new http.Agent({ keepAlive: manner === 'keep-alive', maxSockets: 1 });
    for (let n = 0; this.#going; n++) {
      const id = `${client}-${n}`;
      const sent = performance.now();
      try {
        const version = await this.#ask(manner, id, agent);
        this.#answered(manner, version, performance.now() - sent);
      } catch (error) {
        this.#failures.push({ id, manner, sentMs: sent - this.#began, failedMs: this.elapsedMs, why: error instanceof Error ? error.message : String(error) });
      }
      for (const look of this.#waiting) look();
      if (this.#options.pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, this.#options.pauseMs));
    }
    agent.destroy();
  }

  #answered(manner: Manner, version: string, latencyMs: number): void {
    this.#answers += 1;
    this.#byVersion.set(version, (this.#byVersion.get(version) ?? 0) + 1);
    const latencies = this.#latencies.get(manner) ?? [];
    latencies.push(latencyMs);
    this.#latencies.set(manner, latencies.length > LATENCY_LIMIT ? latencies.filter((_, index) => index % 2 === 0) : latencies);
  }

  #ask(manner: Manner, id: string, agent: http.Agent): Promise<string> {
    const upload = manner === 'slow-upload';
    return new Promise((resolve, reject) => {
      const request = http.request({ host: '127.0.0.1', port: this.#options.port, method: upload ? 'POST' : 'GET', agent, headers: { 'x-id': id, ...this.#options.headers } });
      request.setTimeout(PATIENCE_MS, () => request.destroy(new Error('no answer in time')));
      request.once('error', reject);
      request.once('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => { text += chunk; });
        response.once('error', reject);
        response.once('end', () => {
          const wrong = judge(response.statusCode ?? 0, text, id, upload ? PIECES * PIECE_BYTES : 0);
          if (wrong === null) resolve(String(response.headers['x-version']));
          else reject(new Error(wrong));
        });
      });
      if (upload) sendSlowly(request, PIECES);
      else request.end();
    });
  }
}

/** Null when the answer is the one to this request. */
function judge(status: number, text: string, id: string, bytes: number): string | null {
  if (status !== 200) return `status ${status}: ${text.slice(0, 100)}`;
  const body = JSON.parse(text) as { id?: unknown; received?: unknown };
  if (body.id !== id) return `the answer to ${String(body.id)} arrived`;
  return body.received === bytes ? null : `${String(body.received)} of ${bytes} bytes arrived`;
}

function sendSlowly(request: http.ClientRequest, pieces: number): void {
  if (request.destroyed) return;
  if (pieces === 0) {
    request.end();
    return;
  }
  request.write('x'.repeat(PIECE_BYTES));
  setTimeout(() => sendSlowly(request, pieces - 1), PIECE_EVERY_MS);
}

/** The value below which this share of the answers lies, in milliseconds; 0 without any. */
export function quantile(latenciesMs: Iterable<number>, share: number): number {
  const sorted = [...latenciesMs].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
}
