// What the supervisor tells the process that moves bytes between machines. Types alone.

import type { Endpoint } from '@graylane/control';

export interface PassagePlan {
  readonly kind: 'plan';
  readonly listen: Endpoint;
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string };
  /** A socket by which a successor asks this process to make room. */
  readonly control: string;
  /** Place (`service/version/index`) to private sockets of this machine's workers. */
  readonly locals: Readonly<Record<string, readonly string[]>>;
  /** Place to the socket that is to be opened here, and the machines behind it. */
  readonly remotes: Readonly<Record<string, { readonly socket: string; readonly endpoints: readonly Endpoint[] }>>;
}

export type PassageOrder = PassagePlan | { readonly kind: 'end' };
