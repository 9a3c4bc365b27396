// Addresses that only the machine itself can mean: the metadata services of clouds among them.

import { BlockList, isIP } from 'node:net';

const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet('169.254.0.0', 16);
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6');
/** Where one cloud keeps its metadata in IPv6. */
LINK_LOCAL.addAddress('fd00:ec2::254', 'ipv6');

/** `host` as a URL has it. Names are not looked up: what they mean may change before they are used. */
export function isLinkLocal(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  return family === 0 ? address === 'metadata.google.internal' : LINK_LOCAL.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
