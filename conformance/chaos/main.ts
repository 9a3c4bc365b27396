// `npm run chaos`: kills, reloads and breaks the product under counted load.
// Options: --rounds N (default 100) · --only NAME · --seed N · --node PATH (interpreter of the workers).

import { parseArgs } from 'node:util';

import { seeded } from '../../tools/seeded.ts';
import { rollingReload } from './rolling-reload.ts';
import { brokenVersion, churn, scaling, supervisorDeath, workerDeath } from './scenarios.ts';
import type { Interpreter, Outcome, Plan } from './scenarios.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '100' }, only: { type: 'string' }, seed: { type: 'string', default: String(Date.now() % 1_000_000) }, node: { type: 'string' } } });

const SCENARIOS: Readonly<Record<string, (plan: Plan, interpreter: Interpreter) => Promise<Outcome>>> = {
  supervisor: supervisorDeath,
  stable: (plan, interpreter) => workerDeath(plan, 'v1', interpreter),
  canary: (plan, interpreter) => workerDeath(plan, 'v2', interpreter),
  reload: rollingReload,
  scale: scaling,
  broken: brokenVersion,
  churn,
};

const seed = Number(values.seed);
console.log(`seed ${seed}`);
let missed = 0;
for (const [name, run] of Object.entries(SCENARIOS)) {
  if (values.only !== undefined && values.only !== name) continue;
  const outcome = await run({ rounds: Number(values.rounds), random: seeded(seed) }, values.node ?? null);
  missed += outcome.missed.length;
  print(name, outcome);
}
process.exitCode = missed === 0 ? 0 : 1;

function print(name: string, outcome: Outcome): void {
  const figures = Object.entries(outcome.figures).map(([what, value]) => `${what} ${value}`).join(', ');
  console.log(`${outcome.missed.length === 0 ? 'ok    ' : 'MISSED'} ${name}: ${outcome.scenario}, ${outcome.rounds} rounds, ${outcome.requests} answers, ${outcome.failures.length} failures; ${figures}`);
  for (const line of outcome.missed) console.log(`         ${line}`);
  for (const failure of outcome.failures.slice(0, 5)) console.log(`         ${failure.manner} ${failure.id}: ${failure.why} (sent at ${Math.round(failure.sentMs)}, failed at ${Math.round(failure.failedMs)} ms)`);
}
