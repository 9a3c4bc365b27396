export { Agent, type Surroundings } from './worker-agent.ts';
