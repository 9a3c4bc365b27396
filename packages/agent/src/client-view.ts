// What an app finds out about its client on a private socket, without TLS. It knows no request.

import { isIPv6, type AddressInfo, type Socket } from 'node:net';
import { getter, method } from './descriptors.ts';

export const PLAIN: PropertyDescriptorMap = {
  remoteAddress: getter(({ client }) => client.remoteAddress),
  remotePort: getter(({ client }) => client.remotePort),
  remoteFamily: getter(({ client }) => family(client.remoteAddress)),
  localAddress: getter(({ client }) => client.localAddress),
  localPort: getter(({ client }) => client.localPort),
  localFamily: getter(({ client }) => family(client.localAddress)),
  address: method(({ client }): AddressInfo => ({ address: client.localAddress, family: family(client.localAddress), port: client.localPort })),
  // A Unix socket has no reset; without this the app gets an error for asking.
  resetAndDestroy: { value(this: Socket) { return this.destroy(); }, configurable: true, writable: true },
};

function family(address: string): 'IPv4' | 'IPv6' {
  return isIPv6(address) ? 'IPv6' : 'IPv4';
}
