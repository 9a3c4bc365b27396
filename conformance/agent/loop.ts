// Preloaded into the test suite of a framework: every server that the tests open on a free port is guarded like that of a
// stable worker, and LOOP_PERCENT of its requests are forwarded to the private socket of the same process. So a whole
// suite goes through the agent without being changed. No part of the product.

import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Forwarder } from '@graylane/forward';
import { compile, parseStrategy } from '@graylane/rules';
import { Announcer } from '../../packages/agent/src/announce.ts';
import { AppServer } from '../../packages/agent/src/app-server.ts';
import { Counts } from '../../packages/agent/src/counts.ts';
import { Courses } from '../../packages/agent/src/course.ts';
import { guardEvents } from '../../packages/agent/src/events.ts';
import { Exposures } from '../../packages/agent/src/exposures.ts';
import { Faults } from '../../packages/agent/src/faults.ts';
import { Gate, type GateOptions } from '../../packages/agent/src/gate.ts';
import { watchListen, type ListenOptions } from '../../packages/agent/src/listen-hook.ts';
import { Peers } from '../../packages/agent/src/peers.ts';
import { protocolOf } from '../../packages/agent/src/server-kind.ts';
import { Strategy } from '../../packages/agent/src/strategy.ts';
import { readWish } from '../../packages/agent/src/wish.ts';

const NONE: ReadonlySet<string> = new Set();
const percent = Number(process.env['LOOP_PERCENT'] ?? '100');
const folder = mkdtempSync(join(tmpdir(), 'loop-'));
const brief = { service: 'suite', version: 'v1' };
const counts = new Counts();
const faults = new Faults(({ detail }) => void process.stderr.write(`loop: ${detail}\n`), Date.now);
const strategy = new Strategy({ ...brief, counts, send: () => undefined, fault: (place, fault) => faults.note(place, fault), random: Math.random, now: Date.now });
const exposures = new Exposures(brief.version, () => performance.now());
const counting: GateOptions['counting'] = {
  answer: (request, response, route, course) => exposures.answer(request, response, route, course, route.published.drawn ?? NONE),
  stream: (stream, method, route, course) => exposures.stream(stream, method, route, course, route.published.drawn ?? NONE),
};
const forwarding = new Forwarder({ hop: 'transparent' });
const peers = new Peers(forwarding, 'none');
const courses = new Courses(brief, peers, counts);
const announcer = new Announcer(brief, strategy);

const parsed = parseStrategy({ services: { suite: { stable: 'v1', versions: { v1: {}, v2: {} } } }, releases: [{ name: 'loop', when: [{}], percent, cache: 'off', stickyBy: ['request'], versions: { suite: 'v2' } }] });
if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
strategy.publish({ kind: 'strategy', generation: 1, snapshot: compile(parsed.strategy) });

const open = new Set<AppServer>();
let servers = 0;

/** All open servers, each as the one upstream of its own place. */
function introduce(): void {
  peers.replace([{ worker: 'loop', version: 'v2', listeners: [...open].map((app) => app.report()) }]);
}

function guard(server: Server): void {
  servers += 1;
  const app = new AppServer({
    server,
    index: servers,
    protocol: protocolOf(server),
    reach: { kind: 'public' },
    shown: { port: 0, host: null },
    doorPath: join(folder, String(servers)),
    fault: (place, fault) => faults.note(place, fault),
    closed: () => {
      open.delete(app);
      introduce();
    },
  });
  if (app.protocol === 'tcp') return;
  guardEvents(app, new Gate(app, { routes: true, strategy, courses, announcer, counting, forwarding, faults }));
  open.add(app);
  app.openDoor(() => undefined);
  introduce();
}

const wanted = new WeakSet<Server>();

watchListen({
  asked: (server: Server, options: ListenOptions) => {
    if (readWish(options) !== null) wanted.add(server);
  },
  listening: (server: Server) => {
    if (wanted.delete(server)) guard(server);
  },
  failed: (server: Server) => void wanted.delete(server),
});

process.on('exit', () => {
  const forwarded = counts.take().filter(({ lane }) => lane === 'loop').reduce((sum, { requests }) => sum + requests, 0);
  rmSync(folder, { recursive: true, force: true });
  process.stderr.write(`loop: ${servers} servers, ${forwarded} requests forwarded, ${faults.count} faults\n`);
});
