// Verified claims of signed tokens, for the agent and the gateway: apart from the rest, for few strategies ask for them.

export { KeptClaims } from './kept-claims.ts';
export type { TokenPlan } from './kept-claims.ts';
