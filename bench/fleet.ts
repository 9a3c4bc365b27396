// `npm run bench:fleet [-- --nodes 1000 --publications 50 --releases 100 --write]`: simulated data planes over the real protocol and real TLS
// on one server with a real etcd. From a write at the API to its effect at every machine, and what the server's process holds.

import { writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { whyNoEtcd } from '../packages/control/test/support/etcd.ts';
import { startCrowd } from './fleet/crowd.ts';
import { memoryOf, percentile, startOneServer } from './fleet/one-server.ts';
import { scalePage, type Figures } from './fleet/page.ts';

const { values } = parseArgs({ options: { nodes: { type: 'string', default: '1000' }, publications: { type: 'string', default: '50' }, releases: { type: 'string', default: '100' }, write: { type: 'boolean', default: false } } });
const [nodes, publications, releases] = [Number(values.nodes), Number(values.publications), Number(values.releases)];

const load = loadavg()[0] ?? 0;
const missing = whyNoEtcd();
if (missing !== null) throw new Error(missing);
const server = await startOneServer(releases);
try {
  const idle = memoryOf(server.pid);
  const joinedMs = performance.now();
  const crowd = await startCrowd({ url: server.url, ca: server.ca, token: server.token, nodes });
  const figures: Figures = {
    cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`, memoryGb: Math.round(totalmem() / 2 ** 30), node: process.version, load,
    nodes, publications, releases, idleBytes: idle, joinMs: performance.now() - joinedMs, ...(await measure(crowd)), peakBytes: memoryOf(server.pid), wholeBytes: crowd.wholeBytes(),
  };
  await crowd.stop();
  console.log(JSON.stringify(figures, null, 2));
  if (values.write) writeFileSync(join(import.meta.dirname, '../docs/scale.md'), scalePage(figures));
} finally {
  await server.end();
}

/** One at a time: the time from the request to the moment at which the last machine begins with it, and of every machine. */
async function measure(crowd: Awaited<ReturnType<typeof startCrowd>>): Promise<Pick<Figures, 'p50Ms' | 'p99Ms' | 'worstMs' | 'lastP99Ms' | 'deltaBytes'>> {
  const each: number[] = [];
  const last: number[] = [];
  for (let n = 0; n < publications; n += 1) {
    const begun = performance.now();
    const generation = await server.split(n);
    const times = await crowd.begun(generation);
    const taken = times.map((time) => time - begun);
    each.push(...taken);
    last.push(Math.max(...taken));
  }
  return { p50Ms: percentile(each, 50), p99Ms: percentile(each, 99), worstMs: Math.max(...last), lastP99Ms: percentile(last, 99), deltaBytes: crowd.deltaBytes() };
}
