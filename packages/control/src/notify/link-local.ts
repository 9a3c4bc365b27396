// Addresses that only the machine itself can mean: the metadata services of clouds among them.

import { BlockList, isIP } from 'node:net';

const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet('169.254.0.0', 16);
LINK_LOCAL.addSubnet('fe80::', 10, 'ipv6');
/** Where clouds keep metadata beyond the link: AWS in IPv6, Alibaba, Oracle's classic one, and Azure's host. */
LINK_LOCAL.addAddress('fd00:ec2::254', 'ipv6');
for (const address of ['100.100.100.200', '192.0.0.192', '168.63.129.16']) LINK_LOCAL.addAddress(address);
const METADATA_NAMES: ReadonlySet<string> = new Set(['metadata.google.internal', 'metadata.goog', 'instance-data', 'instance-data.ec2.internal']);

/** `host` as a URL has it. Names are not looked up: what they mean may change before they are used. */
export function isLinkLocal(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  // A name may end in a dot and mean the same.
  return family === 0 ? METADATA_NAMES.has(address.replace(/\.$/, '')) : LINK_LOCAL.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
