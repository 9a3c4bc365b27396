// A data plane that is connected to this server: by what right, since when, and how far it has come. Types alone.

import type { NodeHello, NodeReport } from './messages.ts';

/** Whoever presented a credential that holds. */
export interface NodeIdentity {
  /** As it stands in `graylane nodes` and in events. */
  readonly holder: string;
  /** False once the credential is revoked or over. */
  readonly stillHolds: () => Promise<boolean>;
  /** The only name that it may take, or null for any. */
  readonly name: string | null;
}

/** How far a data plane has come. */
export interface Standing {
  readonly acked: number;
  readonly begun: number;
  /** Which keys it has. */
  readonly keyed: string;
}

export interface ConnectedNode extends Standing {
  readonly hello: NodeHello;
  readonly holder: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly report: NodeReport | null;
}
