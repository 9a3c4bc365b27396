// Requests at a constant rate, whatever the answers: waiting counts from the moment a request was due, so that a stall cannot hide.

import type { WireRequest } from '../evaluator/document.ts';
import { Connection } from './connection.ts';
import type { Outcome } from './connection.ts';
import { bytesOf } from './users.ts';

export interface SteadyOptions {
  readonly port: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly next: () => WireRequest;
}

export interface SteadyResult {
  readonly outcome: Outcome;
  /** From the moment it was due to its first byte (or its failure). */
  readonly waitMs: number;
}

/** Connections are opened as needed, never more than this; a healthy run needs a few. */
const CONNECTIONS_LIMIT = 256;
const ANSWER_LIMIT_MS = 5_000;
const TICK_MS = 2;

/** All outcomes, in the order in which they came. */
export async function runSteady(options: SteadyOptions): Promise<readonly SteadyResult[]> {
  const total = Math.round(options.perSecond * options.seconds);
  const idle: Connection[] = [];
  const results: SteadyResult[] = [];
  let opened = 0;
  const asks: Promise<void>[] = [];

  const ask = async (dueAt: number): Promise<void> => {
    const connection = idle.pop() ?? open();
    if (connection === null) {
      results.push({ outcome: { kind: 'failed', sentAt: dueAt, why: `more than ${CONNECTIONS_LIMIT} requests wait` }, waitMs: ANSWER_LIMIT_MS });
      return;
    }
    const outcome = await connection.ask(bytesOf(options.next()));
    idle.push(connection);
    results.push({ outcome, waitMs: (outcome.kind === 'answered' ? outcome.answer.firstByteAt : performance.now()) - dueAt });
  };
  const open = (): Connection | null => {
    if (opened >= CONNECTIONS_LIMIT) return null;
    opened++;
    return new Connection(options.port, ANSWER_LIMIT_MS);
  };

  const startedAt = performance.now();
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(total, Math.floor(((performance.now() - startedAt) / 1000) * options.perSecond) + 1);
      while (asks.length < due) asks.push(ask(startedAt + (asks.length * 1000) / options.perSecond));
      if (asks.length < total) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
  await Promise.all(asks);
  for (const connection of idle) connection.close();
  return results;
}
