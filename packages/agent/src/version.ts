// The version of this agent, told to the supervisor.

export const AGENT_VERSION = '0.1.0';
