// The part of the agent that only servers need that speak something else than plain HTTP/1.1, or are misplaced, or that have to refuse; a file of its own in the bundle.

export { decodeTls, encodeTls } from './client-tls.ts';
export { reopened, reportMismatch } from './misplaced.ts';
export { examineRawServer, examineSilentApp } from './raw-server.ts';
export { refuseRequest, refuseTunnel, refuseUpgrade } from './refusal.ts';
export { secureProperties } from './secure-socket.ts';
export { StreamGate } from './stream-gate.ts';
export { AGENT_VERSION } from './version.ts';
