// Preloaded into the tests of another project: every server that they open on a port is guarded like that of a stable
// worker, and LOOP_PERCENT of its requests are forwarded to the private socket of the same process. So a whole suite goes
// through the agent without being changed. No part of the product.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppServer } from '../../packages/agent/src/app-server.ts';
import { guardEvents } from '../../packages/agent/src/events.ts';
import { Gate } from '../../packages/agent/src/gate.ts';
import { protocolOf } from '../../packages/agent/src/server-kind.ts';
import { parts } from './parts.ts';
import { eachServer } from './suite-servers.ts';

const options = parts(Number(process.env['LOOP_PERCENT'] ?? '100'), true);
const folder = mkdtempSync(join(tmpdir(), 'loop-'));
const open = new Set<AppServer>();
let servers = 0;

/** All open servers, each as the one upstream of its own place. */
function introduce(): void {
  options.peers.replace([{ worker: 'loop', version: 'v2', listeners: [...open].map((app) => app.report()) }]);
}

eachServer((server) => {
  servers += 1;
  const app = new AppServer({
    server,
    index: servers,
    protocol: protocolOf(server),
    reach: { kind: 'public' },
    shown: { port: 0, host: null },
    doorPath: join(folder, String(servers)),
    fault: (place, fault) => options.faults.note(place, fault),
    closed: () => {
      open.delete(app);
      introduce();
    },
  });
  guardEvents(app, new Gate(app, options));
  open.add(app);
  app.openDoor(() => undefined);
  introduce();
});

process.on('exit', () => {
  rmSync(folder, { recursive: true, force: true });
  process.stderr.write(`loop: ${servers} servers, ${options.taken()} requests forwarded, ${options.faults.count} faults\n`);
});
