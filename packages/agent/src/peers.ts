// The workers of this service that take forwarded exchanges, as groups of upstreams: one per version and listener.

import type { Upstream } from '@graylane/forward';
import type { Peer } from '@graylane/wire';
import { groupName, streamGroupName } from './group-names.ts';
import { http2Path } from './private-door.ts';
import { isHttp2 } from './server-kind.ts';

export interface Groups {
  setUpstreams(group: string, upstreams: readonly Upstream[]): void;
}

export class Peers {
  readonly #groups: Groups;
  readonly #own: string;
  #known = new Map<string, Upstream[]>();

  /** `own` is this worker, which never forwards to itself. */
  constructor(groups: Groups, own: string) {
    this.#groups = groups;
    this.#own = own;
  }

  /** True when somebody of that version would take an exchange for that place. */
  has(version: string, index: number): boolean {
    return this.#known.has(groupName(version, index));
  }

  replace(peers: readonly Peer[]): void {
    const next = new Map<string, Upstream[]>();
    for (const peer of peers) {
      if (peer.worker !== this.#own) addPeer(next, peer);
    }
    for (const group of this.#known.keys()) if (!next.has(group)) this.#groups.setUpstreams(group, []);
    for (const [group, upstreams] of next) this.#groups.setUpstreams(group, upstreams);
    this.#known = next;
  }
}

function addPeer(groups: Map<string, Upstream[]>, { version, listeners }: Peer): void {
  for (const { index, protocol, socket } of listeners) {
    // A server that speaks no HTTP has no private socket.
    if (socket === '') continue;
    add(groups, groupName(version, index), socket);
    if (isHttp2(protocol)) add(groups, streamGroupName(version, index), http2Path(socket));
  }
}

function add(groups: Map<string, Upstream[]>, group: string, path: string): void {
  const upstream: Upstream = { key: path, address: { path } };
  const known = groups.get(group);
  if (known === undefined) groups.set(group, [upstream]);
  else known.push(upstream);
}
