// What a gateway process is told to be: listeners, services, upstreams. Plain data, checked by whoever wrote it; file names are absolute.

import type { CertificateFiles } from './certificates.ts';
import type { HealthPlan } from './health-check.ts';
import type { FrontLimits } from './limits.ts';
import type { MirrorPlan } from './mirror.ts';

export interface EdgeConfig {
  readonly listeners: readonly EdgeListener[];
  readonly services: readonly EdgeService[];
  readonly limits: Partial<FrontLimits>;
  /** A file, `stdout`, or null for none. */
  readonly accessLog: string | null;
  /** Name servers as `address` or `address:port`; the system's when there are none. */
  readonly dnsServers: readonly string[];
  /** Certificates are read again this often. */
  readonly certificatesEveryMs: number;
  /** 48 bytes in base64, shared by all workers; null lets each make its own. */
  readonly ticketKeys: string | null;
}

export interface EdgeListener {
  /** The index of an inherited public socket, or a Unix path of its own. */
  readonly place: { readonly slot: number } | { readonly path: string };
  readonly tls: EdgeTls | null;
  readonly http2: boolean;
  /** Networks that send a PROXY header; empty: everybody; null: nobody. */
  readonly proxyProtocol: readonly string[] | null;
  /** Every request is for this one; null: by Host. */
  readonly service: string | null;
}

export interface EdgeTls {
  /** The first one is for clients that ask for no name. */
  readonly certificates: readonly CertificateFiles[];
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** PEM file; null: clients show no certificate. */
  readonly clientCa: string | null;
}

export interface EdgeService {
  readonly name: string;
  readonly stable: string;
  /** Lower case, without port; `*.example.org` is every name below. Empty: any name that no other service has. */
  readonly hosts: readonly string[];
  readonly trust: 'edge' | 'internal';
  readonly versions: Readonly<Record<string, readonly Target[]>>;
  readonly health: HealthPlan | null;
  readonly mirrors: readonly MirrorPlan[];
}

/** An upstream as it was written; a name stands for all addresses that it has. */
export interface Target {
  readonly text: string;
  readonly place: { readonly path: string } | { readonly host: string; readonly port: number };
  readonly http2: boolean;
  readonly tls: TargetTls | null;
}

export interface TargetTls {
  /** Verified in the upstream's certificate. */
  readonly servername: string;
  /** PEM files; null: the system's roots, and no certificate of our own. */
  readonly ca: string | null;
  readonly identity: CertificateFiles | null;
}
