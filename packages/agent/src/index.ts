export { Agent, type Surroundings } from './agent.ts';
