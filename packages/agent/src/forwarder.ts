// The part of the agent that only workers beside another version need: it moves exchanges there, and counts how requests
// end, for verdicts. A file of its own in the bundle.

import { Forwarder } from '@graylane/forward';
import type { LimitsPlan } from '@graylane/rules';
import { Exposures } from './exposures.ts';

export { AGENT_VERSION } from './version.ts';

export function createForwarder(random: () => number, limits: LimitsPlan): Forwarder {
  const forwarder = new Forwarder({ hop: 'transparent', random });
  forwarder.setLimits(limits);
  return forwarder;
}

export function createExposures(own: string, monotonic: () => number): Exposures {
  return new Exposures(own, monotonic);
}
