// Exchanges of which one side speaks HTTP/2, for the gateway.

export { fieldsOfLines, requestFields } from './fields.ts';
export type { Fields, RequestFields } from './fields.ts';
export { MessageClient } from './message-client.ts';
export { RESET } from './relay-client.ts';
export type { RelayClient, RelayClientListener, RelayRequest } from './relay-client.ts';
export type { Written } from './carrier.ts';
export { Relay } from './relay.ts';
export type { RelayOptions, RelayOutcome } from './relay.ts';
export { StreamClient } from './stream-client.ts';
export { StreamUpgrade } from './stream-upgrade.ts';
export { Tunnels } from '../tunnel.ts';
