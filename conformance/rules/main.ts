// `npm run fuzz:rules -- --runs 100000`: random strategies, each analysed and judged by exhaustion and by an SMT solver.

import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { strategyDocument } from '../../packages/rules/test/analysis-arbitrary.ts';
import { judge, noCounts } from './compare.ts';
import { startSolver } from './solver.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '20261122' },
    /** Strategies with more kinds of requests are left to the solver. */
    kinds: { type: 'string', default: '6000' },
    /** Every so many strategies one goes to the solver too; 0 leaves it out. */
    'solve-every': { type: 'string', default: '25' },
    minutes: { type: 'string', default: '600' },
  },
});

const CHUNK = 500;
const runs = Number(values.runs);
const every = Number(values['solve-every']);
const until = performance.now() + Number(values.minutes) * 60_000;
const solver = every === 0 ? null : await startSolver();
const counts = noCounts();
let wrong = 0;

for (let chunk = 0; counts.strategies < runs && performance.now() < until; chunk++) {
  const seed = Number(values.seed) + chunk;
  for (const document of fc.sample(strategyDocument, { numRuns: Math.min(CHUNK, runs - counts.strategies), seed })) {
    const faults = await judge(document, Number(values.kinds), every > 0 && counts.strategies % every === 0 ? solver : null, counts);
    if (faults.length === 0) continue;
    wrong += 1;
    console.log(`seed ${seed}: ${faults.join('\n  ')}\n  ${JSON.stringify(document)}`);
  }
  if (chunk % 20 === 0) console.log(JSON.stringify({ ...counts, wrong, memoryMb: Math.round(process.memoryUsage().rss / 2 ** 20) }));
}

console.log(JSON.stringify({ ...counts, wrong, seed: Number(values.seed) }));
// The solver's threads keep the process alive.
process.exit(wrong === 0 && counts.strategies > 0 ? 0 : 1);
