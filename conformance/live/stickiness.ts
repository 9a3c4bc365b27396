// Each user is asked at every share of a rising percentage: nobody may move back, and the shares must be what was wanted.

import { runLoad } from './load.ts';
import { parseRoute } from './journal.ts';
import type { Up } from './up.ts';
import { keyedRequest } from './users.ts';

export interface StepResult {
  readonly percent: number;
  readonly canary: number;
  /** Users who had the canary at a lower share and do not have it now. */
  readonly movedBack: number;
  readonly failed: number;
  /** How many canary users a binomial share may have: the mean ± SIGMAS standard deviations. */
  readonly atLeast: number;
  readonly atMost: number;
}

/** One false alarm in 1.7 million steps. */
const SIGMAS = 5;
const ROUTE = /\r\ngraylane-route: ([^\r]*)\r\n/i;

export async function runStickiness(up: Up, users: number, percents: readonly number[], connections: number): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  let before = new Set<number>();
  for (const percent of percents) {
    await up.publish(up.document([{ name: 'ramp', when: [{}], percent, stickyBy: ['header:x-user'], versions: { web: 'v2' } }]));
    const { canary, failed } = await askAll(up.port, users, connections);
    const spread = SIGMAS * Math.sqrt((users * percent * (100 - percent)) / 10_000);
    const mean = (users * percent) / 100;
    results.push({ percent, canary: canary.size, movedBack: [...before].filter((user) => !canary.has(user)).length, failed, atLeast: mean - spread, atMost: mean + spread });
    before = canary;
  }
  return results;
}

async function askAll(port: number, users: number, connections: number): Promise<{ readonly canary: Set<number>; readonly failed: number }> {
  const canary = new Set<number>();
  let asked = 0;
  let failed = 0;
  await runLoad({
    port,
    connections,
    next: () => (asked < users ? keyedRequest(asked++) : null),
    onOutcome: (request, outcome) => {
      const route = outcome.kind === 'answered' ? parseRoute(ROUTE.exec(outcome.answer.head)?.[1]) : null;
      if (route === null) failed++;
      else if (route.version === 'v2') canary.add(Number(request.headers.find(([name]) => name === 'X-User')?.[1].slice(1)));
    },
  });
  return { canary, failed };
}
