// `npm run conformance:lanes`: a million requests through three services while the strategy changes five hundred times, and the
// same with every service selecting for itself, as a contrast.

import { parseArgs } from 'node:util';
import { startChain } from './chain.ts';
import { runLanes, type Report } from './run.ts';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    changes: { type: 'string', default: '500' },
    connections: { type: 'string', default: '16' },
    contrast: { type: 'string', default: '100000' },
  },
});

async function run(perHop: boolean, requests: number, changes: number): Promise<Report> {
  const chain = await startChain(perHop);
  try {
    return await runLanes({ chain, requests, changes, connections: Number(values.connections) });
  } finally {
    await chain.stop();
  }
}

const requests = Number(values.requests);
const changes = Number(values.changes);
const stamped = await run(false, requests, changes);
const right = stamped.failed + stamped.mixedGenerations + stamped.twoLanes + stamped.wrongVersions + stamped.lostTags === 0;
console.log(`${right ? '✓' : '✗'} ${requests} requests, ${changes} changes, stamped at the entry: ${JSON.stringify(stamped)}`);
const contrast = Number(values.contrast);
if (contrast > 0) {
  // As often per request as above, so that the two can be compared.
  const perHop = await run(true, contrast, Math.max(1, Math.round((changes * contrast) / requests)));
  console.log(`  contrast: ${contrast} requests, each service selecting for itself: ${JSON.stringify(perHop)}`);
}
process.exitCode = right ? 0 : 1;
