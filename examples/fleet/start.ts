// `npm run example:fleet`: etcd, two servers and three machines on loopback addresses of this host, until Ctrl-C.

import { once } from 'node:events';
import { join } from 'node:path';
import { documentOf, plans } from '../../conformance/fleet/scenarios.ts';
import { fixedGrounds } from '../../conformance/fleet/grounds.ts';
import { startWorld } from '../../conformance/fleet/world.ts';
import { whyNoEtcd } from '../../packages/control/test/support/etcd.ts';

const missing = whyNoEtcd();
if (missing !== null) throw new Error(missing);
const port = fixedGrounds.port(0);
const world = await startWorld({ grounds: fixedGrounds, servers: 2, nodes: plans, document: documentOf(100, port) });
const without = world.machines.at(-1)?.address ?? '';
console.log(`etcd on ${world.etcd.host}
servers: ${world.urls.join(', ')}
machines: ${world.machines.map(({ name, address, run }) => `${name} on http://${address}:${port}${run === undefined ? '' : ' (no canary of its own)'}`).join(', ')}

  curl http://${without}:${port}/                       # stable
  curl -H 'x-canary: 1' http://${without}:${port}/      # the canary, on another machine

In another terminal:
  export GRAYLANE_SERVER=${world.urls[0]} GRAYLANE_TOKEN_FILE=${join(world.folder, 'token')} GRAYLANE_SERVER_CA=${join(world.folder, 'ca.pem')}
  npx graylane nodes
  npx graylane promote r --full
  kill -9 ${world.servers[0]?.pid}      # the other server goes on:
  GRAYLANE_SERVER=${world.urls[1]} npx graylane nodes

Ctrl-C ends all of it.`);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await world.end();
