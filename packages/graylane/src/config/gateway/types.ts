// The `gateway` section of a config file as people write it; it must not know how it is checked or run.

import type { Duration, LimitsSpec, Size } from '@graylane/rules';

export interface GatewaySection {
  /** Gateway processes; default 1. */
  readonly workers?: number;
  /** Default: one for each `listen` of the services. */
  readonly listeners?: readonly ListenerSpec[];
  /** JSON lines: a file, or true for the workers' output; default none. */
  readonly accessLog?: string | boolean;
  readonly limits?: FrontLimitsSpec;
  readonly dns?: { readonly servers?: readonly string[] };
  /** How often certificates are read again; default 10s. */
  readonly certificatesEvery?: Duration;
  /** How long streams and requests may take to end when a worker is replaced; default 30s. */
  readonly drainTimeout?: Duration;
  /** For all services; a path, a plan, or false for none. */
  readonly health?: HealthSpec;
  /** For all services. */
  readonly upstreamTls?: UpstreamTlsSpec;
  /** By name, what holds for one service only. */
  readonly services?: Readonly<Record<string, GatewayServiceSpec>>;
}

export interface ListenerSpec {
  /** A port, 'host:port', or the path of a Unix socket. */
  readonly listen: number | string;
  readonly tls?: ListenerTlsSpec;
  /** HTTP/2 by ALPN, or by prior knowledge without TLS; default true. */
  readonly http2?: boolean;
  /** True, or the networks of the balancers that send a PROXY header. */
  readonly proxyProtocol?: boolean | readonly string[];
  /** All requests are for this service; default: by the `hosts` of the services. */
  readonly service?: string;
}

export interface CertificateSpec {
  /** PEM files. */
  readonly cert: string;
  readonly key: string;
}

export interface ListenerTlsSpec {
  /** Chosen by name (SNI); the first one is for clients that name none. */
  readonly certificates: readonly CertificateSpec[];
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** PEM file: clients must show a certificate signed by one of these. */
  readonly clientCa?: string;
}

/** Those of services that are about clients, and what only a listener has. */
export interface FrontLimitsSpec extends Pick<LimitsSpec, 'headersTimeout' | 'requestTimeout' | 'keepAliveTimeout' | 'headBytes' | 'targetBytes' | 'headerLines' | 'connections'> {
  /** Requests at a time on one HTTP/2 connection. */
  readonly streams?: number;
}

export type HealthSpec = false | string | HealthPlanSpec;

export interface HealthPlanSpec {
  /** Asked with GET; without one it is enough that the upstream accepts a connection. */
  readonly path?: string;
  readonly host?: string;
  readonly interval?: Duration;
  readonly timeout?: Duration;
  readonly healthyAfter?: number;
  readonly unhealthyAfter?: number;
}

export interface UpstreamTlsSpec {
  /** PEM file of who signed the upstreams; default: the system's roots. */
  readonly ca?: string;
  /** PEM files: what the gateway shows of itself. */
  readonly cert?: string;
  readonly key?: string;
  /** The name in the upstreams' certificates; default: the one in their URL. */
  readonly servername?: string;
}

export interface GatewayServiceSpec {
  readonly health?: HealthSpec;
  readonly upstreamTls?: UpstreamTlsSpec;
  readonly mirrors?: readonly MirrorSpec[];
}

/** Copies of requests whose answers nobody sees. */
export interface MirrorSpec {
  /** The version that gets the copies. */
  readonly to: string;
  /** 0-100; default 100. */
  readonly percent?: number;
  /** Default GET, HEAD and OPTIONS: what changes something would change it twice. */
  readonly methods?: readonly string[];
  /** Copies under way at a time; default 64. More are dropped. */
  readonly inFlight?: number;
  /** A larger body is not copied; default 256KB. */
  readonly bodyBytes?: Size;
  /** Bodies held at a time; default 16MB. */
  readonly bufferedBytes?: Size;
  /** Default 10s. */
  readonly timeout?: Duration;
}
