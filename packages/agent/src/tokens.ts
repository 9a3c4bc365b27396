// The part of the agent that believes signed tokens, a file of its own in the bundle: few strategies ask for claims.

export { KeptClaims } from '@graylane/forward/tokens';
export { AGENT_VERSION } from './version.ts';
