// `npm run churn`: by default an hour, in which a supervisor lives through what is days of work elsewhere.
// Options: --minutes N · --rounds N · --round-ms N (pace) · --seed N.

import { parseArgs } from 'node:util';
import { seeded } from '../../tools/seeded.ts';
import { churn } from './churn.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    rounds: { type: 'string', default: '1000000' },
    'round-ms': { type: 'string', default: '5000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

/** A line for about each minute is enough to see a slope. */
const REPORT_EVERY = 12;

console.log(`seed ${values.seed}`);
const result = await churn({
  rounds: Number(values.rounds),
  roundMs: Number(values['round-ms']),
  minutes: Number(values.minutes),
  random: seeded(Number(values.seed)),
  report: (sample) => {
    if (sample.round % REPORT_EVERY === 0) console.log(JSON.stringify(sample));
  },
});
console.log(JSON.stringify({ counts: result.counts, answers: result.answers, failures: result.failures.length, last: result.samples.at(-1) }));
for (const failure of result.failures.slice(0, 10)) console.log(`  ${failure}`);
for (const line of result.missed) console.log(`MISSED ${line}`);
process.exitCode = result.missed.length === 0 ? 0 : 1;
