// Requests to the public ports of all machines, all the time, and every one that was not answered as it should. Bounded by its rate.

import { setTimeout as delay } from 'node:timers/promises';
import { ask } from './world.ts';

export interface Load {
  readonly asked: () => number;
  /** One line for each request that failed. */
  readonly failed: readonly string[];
  stop(): Promise<void>;
}

/** A request each so often to each machine: enough to meet every moment of a handover, and nothing for a processor. */
const EVERY_MS = 25;
const FAILED_LIMIT = 1_000;

export function startLoad(addresses: readonly string[], port: number): Load {
  const failed: string[] = [];
  let asked = 0;
  let stopped = false;
  const under = new Set<Promise<void>>();
  const one = async (address: string, canary: boolean): Promise<void> => {
    const begun = performance.now();
    const { status, build } = await ask(address, port, canary ? { 'x-canary': '1' } : {});
    if (status !== 200 && failed.length < FAILED_LIMIT) failed.push(`${new Date().toISOString()} ${address} ${canary ? 'canary' : 'stable'}: status ${status}, build ${build ?? '–'} after ${Math.round(performance.now() - begun)} ms`);
  };
  const run = async (): Promise<void> => {
    while (!stopped) {
      for (const address of addresses) {
        asked += 1;
        const request = one(address, asked % 2 === 0);
        under.add(request);
        void request.finally(() => under.delete(request));
      }
      await delay(EVERY_MS);
    }
  };
  const running = run();
  return {
    asked: () => asked, failed,
    stop: async () => {
      stopped = true;
      await running;
      await Promise.all(under);
    },
  };
}
