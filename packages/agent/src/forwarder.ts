// The part of the agent that moves exchanges to other workers, a file of its own in the bundle.

import { Forwarder } from '@graylane/forward';

export { AGENT_VERSION } from './version.ts';

export function createForwarder(random: () => number): Forwarder {
  return new Forwarder({ hop: 'transparent', random });
}
