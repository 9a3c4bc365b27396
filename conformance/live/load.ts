// A bounded closed loop: so many connections ask so many requests, and every one of them ends in exactly one outcome.

import type { WireRequest } from '../evaluator/document.ts';
import { Connection } from './connection.ts';
import type { Outcome } from './connection.ts';
import { bytesOf } from './users.ts';

export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  /** The next request, or null when all were asked. */
  readonly next: () => WireRequest | null;
  readonly onOutcome: (request: WireRequest, outcome: Outcome) => void;
}

/** Long against any healthy answer: what takes longer has failed. */
const ANSWER_LIMIT_MS = 10_000;

/** Resolves when `next` has said null and every ask has ended. */
export async function runLoad(options: LoadOptions): Promise<void> {
  const one = async (): Promise<void> => {
    const connection = new Connection(options.port, ANSWER_LIMIT_MS);
    for (let request = options.next(); request !== null; request = options.next()) {
      options.onOutcome(request, await connection.ask(bytesOf(request)));
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: options.connections }, one));
}
