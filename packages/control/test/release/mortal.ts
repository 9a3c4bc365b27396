// A control plane to be killed: it walks a release through its plan on a store in a file, over pools that are files, so that
// they outlive it as processes would. Each command is given again after a restart, as a person would.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import type { Effects, WorkerFacts } from '../../src/effects.ts';
import { ControlPlane } from '../../src/plane/control-plane.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { withRelease } from '../plane/world.ts';

const [, , dir = '', task = ''] = process.argv;
const pools = join(dir, 'pools');
mkdirSync(pools, { recursive: true });

/** A pool is a file named `service.version.role`; what it takes to start or end one is a few turns of the loop. */
const effects: Effects = {
  publish: async () => {
    await turn();
    return { acked: [], stale: [] };
  },
  ensureVersion: (service, version) => make(service, version, 'canary'),
  retireVersion: (service, version) => end(service, version, 'canary'),
  prepareStable: (service, version) => make(service, version, 'stable'),
  openStable: () => turn(),
  retireStable: (service, version) => end(service, version, 'stable'),
  workers: () => readdirSync(pools).map((file): WorkerFacts => {
    const [service = '', version = '', role = ''] = file.split('.');
    return { id: file, service, version, role: role === 'stable' ? 'stable' : 'canary', pid: 1, state: 'ready', ready: true, generation: 0, startedAt: 0, restarts: 0, rss: null, inFlight: null, waiting: null };
  }),
};

const store = await openSqliteStore({ file: join(dir, 'store.db'), clock: systemClock });
const plane = new ControlPlane({ store, effects, clock: systemClock, random: () => 0.5, retireAfterMs: 1, onFault: (what, error) => process.stderr.write(`${what}: ${String(error)}\n`) });
await plane.start(withRelease([{ percent: 5 }, { pause: '3ms' }, { percent: 20 }, { pause: '3ms' }, { percent: 50 }]));
process.stdout.write('up\n');
if (task === 'walk') {
  const { phase } = await plane.release('r');
  if (phase === 'pending') await plane.verb('r', 'start', { who: 'test', why: 'walk' });
}
for (;;) {
  const { phase, turn: turns } = await plane.release('r');
  process.stdout.write(`${phase} ${turns}\n`);
  if (task === 'look' || (phase === 'succeeded' && readdirSync(pools).length === 1)) break;
  await new Promise((resolve) => setTimeout(resolve, 1));
}
process.stdout.write(`events ${JSON.stringify((await plane.events({ limit: 200 })).map(({ seq, kind, from, to }) => ({ seq, kind, from, to })))}\n`);
process.stdout.write(`pools ${readdirSync(pools).join(' ')}\n`);
await plane.stop();
await store.close();

async function make(service: string, version: string, role: string): Promise<void> {
  await turn();
  writeFileSync(join(pools, `${service}.${version}.${role}`), '');
}

async function end(service: string, version: string, role: string): Promise<void> {
  await turn();
  rmSync(join(pools, `${service}.${version}.${role}`), { force: true });
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
