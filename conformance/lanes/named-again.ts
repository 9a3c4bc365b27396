// `node conformance/lanes/named-again.ts [TURNS]`: a version is named again just when its pool, that nothing has named for ten
// seconds, is on its way out. Each turn takes those ten seconds; every second one meets another moment of the way.

import { setTimeout as delay } from 'node:timers/promises';
import { Api } from '../live/api.ts';
import { startChain } from './chain.ts';
import { runLanes } from './run.ts';

const [turns = '14'] = process.argv.slice(2);
const REQUESTS = 400;
const LOOK_MS = 5;
/** A pool goes ten seconds after it was last named. */
const GONE_LIMIT_MS = 20_000;
/** Between the first sign that it goes and the strategy that names it. */
const MOMENTS_MS = [0, 40, 80, 120, 160, 200, 240];

const chain = await startChain(false);
const api = new Api(chain.api);
let wrong = 0;
try {
  for (let turn = 0; turn < Number(turns); turn += 1) {
    await chain.publish(0);
    const deadline = performance.now() + GONE_LIMIT_MS;
    while ((await api.workers()).some(({ service, version, ready }) => service === 'last' && version === 'v3' && ready) && performance.now() < deadline) await delay(LOOK_MS);
    const moment = MOMENTS_MS[turn % MOMENTS_MS.length] ?? 0;
    await delay(moment);
    const { asked, answered, failed, wrongVersions, examples } = await runLanes({ chain, requests: REQUESTS, changes: 1, connections: 16 });
    wrong += failed + wrongVersions + asked - answered;
    console.log(`named again after ${moment} ms: ${answered} answered, ${wrongVersions} by another version than prescribed${examples.length === 0 ? '' : `, such as ${examples[0] ?? ''}`}`);
  }
} finally {
  api.close();
  await chain.stop();
}
process.exitCode = wrong === 0 ? 0 : 1;
