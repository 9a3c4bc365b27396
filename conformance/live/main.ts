// `npm run conformance:live`: a million requests under a thousand strategies, 100,000 users through rising shares, a sick canary.

import { parseArgs } from 'node:util';
import { besideHog, besideKilledCanary, besideLoopingCanary } from './isolation.ts';
import { runLive } from './live.ts';
import { runStickiness } from './stickiness.ts';
import { liveVersions, startUp } from './up.ts';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    strategies: { type: 'string', default: '1000' },
    users: { type: 'string', default: '100000' },
    connections: { type: 'string', default: '16' },
    workers: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
});
const connections = Number(values.connections);
const EFFECT_LIMIT_MS = 50;

const releases = [{ name: 'testers', when: [{ cookie: { beta: '1' }, pinned: true }], versions: { web: 'v2' } }];
const up = await startUp({ versions: liveVersions(Number(values.workers)), releases });
try {
  const load = { up, perSecond: 300, seconds: Number(values.seconds) };
  const hog = await besideHog(load);
  say('beside an unrelated CPU hog', hog.failed.length === 0, hog);
  const loop = await besideLoopingCanary(load);
  say('beside a looping canary: p99 ≤ 2 ×', loop.failed.length === 0 && loop.p99Ms <= 2 * hog.p99Ms, loop);
  const killed = await besideKilledCanary(load);
  say('beside a killed canary', killed.failed.length === 0, killed);

  await up.ready(['v1', 'v2']);
  for (const step of await runStickiness(up, Number(values.users), [1, 5, 20, 50], connections)) {
    say(`${step.percent} % of ${values.users} users`, step.movedBack === 0 && step.failed === 0 && step.canary >= step.atLeast && step.canary <= step.atMost, step);
  }

  const live = await runLive({ up, requests: Number(values.requests), strategies: Number(values.strategies), connections, seed: Number(values.seed) });
  say(`${values.requests} requests under ${values.strategies} strategies (seed ${values.seed})`, live.failed === 0 && live.wrong === 0 && live.lagP99Ms <= EFFECT_LIMIT_MS, live);
} finally {
  await up.stop();
}

function say(what: string, ok: boolean, figures: object): void {
  if (!ok) process.exitCode = 1;
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${what}\n     ${JSON.stringify(figures)}`);
}
