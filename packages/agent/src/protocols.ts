// The part of the agent for servers that speak something else than plain HTTP/1.1, say something on a response, have to
// refuse, or are misplaced; a file of its own in the bundle.

export { decodeTls, encodeTls } from './client-tls.ts';
export { markResponse } from './marked-response.ts';
export { reopened, reportMismatch } from './misplaced.ts';
export { examineRawServer, examineSilentApp } from './raw-server.ts';
export { refuseRequest, refuseUpgrade } from './refusal.ts';
export { SECURE } from './secure-socket.ts';
export { StreamGate } from './stream-gate.ts';
export { AGENT_VERSION } from './version.ts';
