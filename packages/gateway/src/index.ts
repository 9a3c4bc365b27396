export type { Trust } from './forwarded.ts';
export type { FrontTls, Listen } from './front.ts';
export { GatewayWorker } from './gateway-worker.ts';
export type { GatewaySurroundings } from './gateway-worker.ts';
export { Gateway, startGateway } from './gateway.ts';
export type { GatewayOptions } from './gateway.ts';
export { DEFAULT_FRONT_LIMITS } from './limits.ts';
export type { FrontLimits } from './limits.ts';
