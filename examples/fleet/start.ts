// `npm run example:fleet`: etcd, two servers and three machines on loopback addresses of this host, until Ctrl-C.

import { once } from 'node:events';
import { join } from 'node:path';
import { machines, PORT, documentOf } from '../../conformance/fleet/scenarios.ts';
import { startWorld } from '../../conformance/fleet/world.ts';
import { whyNoEtcd } from '../../packages/control/test/support/etcd.ts';

const missing = whyNoEtcd();
if (missing !== null) throw new Error(missing);
const world = await startWorld({ servers: 2, nodes: machines, document: documentOf(100) });
console.log(`etcd on ${world.etcd.host}
servers: ${world.urls.join(', ')}
machines: ${machines.map(({ name, address, run }) => `${name} on http://${address}:${PORT}${run === undefined ? '' : ' (no canary of its own)'}`).join(', ')}

  curl http://${machines[2]?.address}:${PORT}/                       # stable
  curl -H 'x-canary: 1' http://${machines[2]?.address}:${PORT}/      # the canary, on another machine

In another terminal:
  export GRAYLANE_SERVER=${world.urls[0]} GRAYLANE_TOKEN_FILE=${join(world.folder, 'token')} GRAYLANE_SERVER_CA=${join(world.folder, 'ca.pem')}
  npx graylane nodes
  npx graylane promote r --full
  kill -9 ${world.servers[0]?.pid}      # the other server goes on:
  GRAYLANE_SERVER=${world.urls[1]} npx graylane nodes

Ctrl-C ends all of it.`);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
await world.end();
