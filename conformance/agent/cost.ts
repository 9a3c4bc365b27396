// What the agent costs a request that stays in its process, in microseconds of CPU: deciding and counting, without a
// network. Rounds of bare requests, of decided ones and of counted ones take turns; the quietest of each are compared.
// node --conditions=graylane-source conformance/agent/cost.ts [SECONDS]

import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { compile, parseStrategy, type ReleaseSpec } from '@graylane/rules';
import { Announcer } from '../../packages/agent/src/announce.ts';
import { AppServer } from '../../packages/agent/src/app-server.ts';
import { Counts } from '../../packages/agent/src/counts.ts';
import { Courses } from '../../packages/agent/src/course.ts';
import { Exposures } from '../../packages/agent/src/exposures.ts';
import { Faults } from '../../packages/agent/src/faults.ts';
import { LateForwarder } from '../../packages/agent/src/forwarding.ts';
import { Gate, type GateOptions } from '../../packages/agent/src/gate.ts';
import { Peers } from '../../packages/agent/src/peers.ts';
import { Strategy } from '../../packages/agent/src/strategy.ts';

const REQUESTS_PER_ROUND = 20_000;
const seconds = Number(process.argv[2] ?? '10');
const brief = { service: 'web', version: 'v1' };

const release = (more: Partial<ReleaseSpec>): ReleaseSpec => ({ name: 'canary', when: [{}], versions: { web: 'v2' }, ...more });
const strategies: readonly (readonly [string, readonly ReleaseSpec[]])[] = [
  ['no release', []],
  ['a release that does not match', [release({ when: [{ header: { 'x-beta': '1' } }] })]],
  ['everybody, at 0 %', [release({ percent: 0, stickyBy: ['tag:user'] })]],
  ['everybody, out of 5 %: the control arm', [release({ percent: 5, stickyBy: ['tag:user'] })]],
];

/** Twenty header lines, of a user who is out of 5 %. */
const rawHeaders = ['Host', 'shop.example', 'X-User', 'user-3', ...Array.from({ length: 18 }, (_, i) => [`X-Header-${i}`, `value ${i}`]).flat()];

function gateFor(releases: readonly ReleaseSpec[], isCounted: boolean): Gate {
  const parsed = parseStrategy({ tags: { user: { header: 'x-user' } }, services: { web: { stable: 'v1', versions: { v1: {}, v2: {} } } }, releases });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  const counts = new Counts();
  const faults = new Faults(({ detail }) => { throw new Error(detail); }, Date.now);
  const strategy = new Strategy({ ...brief, counts, send: () => undefined, fault: (place, fault) => faults.note(place, fault), random: Math.random, now: Date.now });
  strategy.publish({ kind: 'strategy', generation: 1, snapshot: compile(parsed.strategy) });
  const exposures = new Exposures(brief.version, () => performance.now());
  const counting: GateOptions['counting'] = {
    answer: (request, response, route, course) => {
      if (isCounted && route.published.drawn !== null) exposures.answer(request, response, route, course, route.published.drawn);
    },
    stream: () => undefined,
  };
  const forwarding = new LateForwarder(Math.random);
  const peers = new Peers(forwarding, 'none');
  const app = new AppServer({ server: createServer(), index: 0, protocol: 'http', reach: { kind: 'public' }, shown: { port: 0, host: null }, doorPath: '', fault: (place, fault) => faults.note(place, fault), closed: () => undefined });
  return new Gate(app, { routes: true, strategy, courses: new Courses(brief, peers, counts), announcer: new Announcer(brief, strategy), counting, forwarding, faults });
}

/** Microseconds of CPU per request. */
function round(gate: Gate | null): number {
  const socket = new Socket();
  const started = process.cpuUsage();
  for (let i = 0; i < REQUESTS_PER_ROUND; i++) {
    const request = new IncomingMessage(socket);
    request.method = 'GET';
    request.url = '/cart?a=b';
    request.httpVersionMajor = 1;
    request.rawHeaders = rawHeaders;
    const response = new ServerResponse(request);
    // As Node does for all but answers behind others in a pipeline, which have their ends watched at a higher price.
    response.assignSocket(socket);
    if (gate?.request(request, response) === true) throw new Error('it left the process');
    response.emit('close');
    response.detachSocket(socket);
  }
  const { user, system } = process.cpuUsage(started);
  return (user + system) / REQUESTS_PER_ROUND;
}

for (const [name, releases] of strategies) {
  const [decided, counted] = [gateFor(releases, false), gateFor(releases, true)];
  const least = { bare: Infinity, decided: Infinity, counted: Infinity };
  let rounds = 0;
  for (const until = performance.now() + (seconds * 1000) / strategies.length; performance.now() < until; rounds += 1) {
    least.bare = Math.min(least.bare, round(null));
    least.decided = Math.min(least.decided, round(decided));
    least.counted = Math.min(least.counted, round(counted));
  }
  console.log(`${name}: decided ${(least.decided - least.bare).toFixed(2)} µs, counted ${(least.counted - least.decided).toFixed(2)} µs (${rounds} rounds)`);
}
