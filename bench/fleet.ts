// `npm run bench:fleet [-- --nodes 1000 --publications 50 --releases 100 --processes 1 --write]`: simulated data planes over the real protocol and real TLS
// on one server with a real etcd. From a write at the API to its effect at every machine, and what the server's process holds.

import { writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { whyNoEtcd } from '../packages/control/test/support/etcd.ts';
import { keepApart } from './fleet/apart.ts';
import { startCrowd, type Crowd } from './fleet/crowd.ts';
import { cpuOf, memoryOf, percentile, startOneServer } from './fleet/one-server.ts';
import { scalePage, type Figures } from './fleet/page.ts';

const { values } = parseArgs({ options: {
  nodes: { type: 'string', default: '1000' }, publications: { type: 'string', default: '50' }, releases: { type: 'string', default: '100' }, processes: { type: 'string', default: '1' }, write: { type: 'boolean', default: false },
} });
const [nodes, publications, releases, processes] = [Number(values.nodes), Number(values.publications), Number(values.releases), Number(values.processes)];
/** The answers of one publication are not part of the next one's time. */
const PAUSE_MS = 100;
/** Compilers have seen the way by then. */
const WARM_UP = 5;

const load = loadavg()[0] ?? 0;
const missing = whyNoEtcd();
if (missing !== null) throw new Error(missing);
const apart = keepApart();
const server = await startOneServer(releases);
apart.server(server.pid);
try {
  const idle = memoryOf(server.pid);
  const joinedMs = performance.now();
  const crowd = await startCrowd({ url: server.url, ca: server.ca, token: server.token, nodes, processes });
  try {
    const joinMs = performance.now() - joinedMs;
    const figures: Figures = {
      cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`, memoryGb: Math.round(totalmem() / 2 ** 30), node: process.version, load,
      nodes, publications, releases, processes, cores: apart.text, idleBytes: idle, joinMs, ...(await measure(crowd)), peakBytes: memoryOf(server.pid), wholeBytes: crowd.wholeBytes(),
    };
    console.log(JSON.stringify(figures, null, 2));
    if (values.write) writeFileSync(join(import.meta.dirname, '../docs/scale.md'), scalePage(figures));
  } finally {
    await crowd.stop();
  }
} finally {
  await server.end();
}

/** One at a time: the time from the request to the moment at which the last machine begins with it, and of every machine. */
async function measure(crowd: Crowd): Promise<Pick<Figures, 'p50Ms' | 'p99Ms' | 'worstMs' | 'lastP99Ms' | 'deltaBytes' | 'serverCpuMs' | 'crowdCpuMs'>> {
  const each: number[] = [];
  const last: number[] = [];
  for (let n = 0; n < WARM_UP; n += 1) await crowd.begun(await server.split(n));
  const [serverCpu, crowdCpu] = [cpuOf(server.pid), crowd.cpuMs()];
  for (let n = WARM_UP; n < WARM_UP + publications; n += 1) {
    await delay(PAUSE_MS);
    const begun = hostMs();
    const generation = await server.split(n);
    const taken = (await crowd.begun(generation)).map((time) => time - begun);
    each.push(...taken);
    last.push(Math.max(...taken));
  }
  return {
    p50Ms: percentile(each, 50), p99Ms: percentile(each, 99), worstMs: Math.max(...last), lastP99Ms: percentile(last, 99), deltaBytes: crowd.deltaBytes(),
    serverCpuMs: (cpuOf(server.pid) - serverCpu) / publications, crowdCpuMs: (crowd.cpuMs() - crowdCpu) / publications,
  };
}

/** A clock that all processes of a host have in common. */
function hostMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
