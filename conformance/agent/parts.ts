// The agent's parts as the loops put them together: one release that takes a share of all requests to the version v2.
// No part of the product.

import { Forwarder } from '@graylane/forward';
import { compile, parseStrategy } from '@graylane/rules';
import { Announcer } from '../../packages/agent/src/announce.ts';
import { Counts } from '../../packages/agent/src/counts.ts';
import { Courses } from '../../packages/agent/src/course.ts';
import { Exposures } from '../../packages/agent/src/exposures.ts';
import { Faults } from '../../packages/agent/src/faults.ts';
import type { GateOptions } from '../../packages/agent/src/gate.ts';
import { Peers } from '../../packages/agent/src/peers.ts';
import { Strategy } from '../../packages/agent/src/strategy.ts';

const NONE: ReadonlySet<string> = new Set();
const LANE = 'loop';

export interface Parts extends GateOptions {
  readonly peers: Peers;
  /** Requests that the release took, since it was last asked. */
  readonly taken: () => number;
}

/** Of a worker that clients speak to (`routes`), or of one that only agents do. */
export function parts(percent: number, routes: boolean): Parts {
  const brief = { service: 'suite', version: routes ? 'v1' : 'v2' };
  const counts = new Counts();
  const faults = new Faults(({ detail }) => void process.stderr.write(`loop: ${detail}\n`), Date.now);
  const strategy = new Strategy({ ...brief, counts, send: () => undefined, fault: (place, fault) => faults.note(place, fault), random: Math.random, now: Date.now });
  const parsed = parseStrategy({ services: { suite: { stable: 'v1', versions: { v1: {}, v2: {} } } }, releases: [{ name: LANE, when: [{}], percent, cache: 'off', stickyBy: ['request'], versions: { suite: 'v2' } }] });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  strategy.publish({ kind: 'strategy', generation: 1, snapshot: compile(parsed.strategy) });
  const exposures = new Exposures(brief.version, () => performance.now());
  const forwarding = new Forwarder({ hop: 'transparent' });
  const peers = new Peers(forwarding, 'none');
  return {
    routes, strategy, faults, forwarding, peers,
    courses: new Courses(brief, peers, counts),
    announcer: new Announcer(brief, strategy),
    counting: {
      answer: (request, response, route, course) => exposures.answer(request, response, route, course, route.published.drawn ?? NONE),
      stream: (stream, method, route, course) => exposures.stream(stream, method, route, course, route.published.drawn ?? NONE),
    },
    taken: () => counts.take().filter(({ lane }) => lane === LANE).reduce((sum, { requests }) => sum + requests, 0),
  };
}
