// The entry of a process of `graylane gateway`: reads its brief from the environment and what it serves from the file named there.

import { readFileSync } from 'node:fs';
import { systemClock } from '@graylane/forward';
import { BRIEF_VARIABLE, WIRE_VERSION } from '@graylane/wire';
import type { WorkerBrief } from '@graylane/wire';
import { Edge } from './edge.ts';
import type { EdgeConfig } from './edge-config.ts';
import { eventLine } from './edge-events.ts';
import { GatewayWorker } from './gateway-worker.ts';
import { systemResolver } from './names.ts';

/** Names the file with the {@link EdgeConfig}. */
const CONFIG_VARIABLE = 'GRAYLANE_EDGE';

function variable(name: string): string {
  const text = process.env[name];
  if (text === undefined) throw new Error(`this is started by graylane, which gives it ${name}`);
  return text;
}

const brief = JSON.parse(variable(BRIEF_VARIABLE)) as WorkerBrief;
if (brief.wire !== WIRE_VERSION) throw new Error(`the supervisor speaks version ${brief.wire} of the worker protocol, this gateway ${WIRE_VERSION}: start both from one installation of graylane`);
const config = JSON.parse(readFileSync(variable(CONFIG_VARIABLE), 'utf8')) as EdgeConfig;

const edge = new Edge(config, {
  pid: process.pid,
  read: (file) => readFileSync(file, 'utf8'),
  clock: systemClock,
  wallClock: Date.now,
  random: Math.random,
  resolve: systemResolver(config.dnsServers),
  onEvent: (event) => {
    const line = eventLine(event, Date.now());
    if (line !== null) process.stderr.write(line);
  },
});
process.on('SIGHUP', () => edge.reloadCertificates());
await new GatewayWorker(brief, { pid: process.pid, node: process.version, random: Math.random }, edge).start();
