// What of a test's server another one in another process can be made like it with. Functions stay behind.

import type { Server } from 'node:net';
import type { Protocol } from '@graylane/wire';

/** What was asked of a server when it was made, or has been set since. */
const HTTP = ['connectionsCheckingInterval', 'headersTimeout', 'highWaterMark', 'httpAllowHalfOpen', 'insecureHTTPParser', 'joinDuplicateHeaders', 'keepAliveTimeout', 'keepAliveTimeoutBuffer', 'maxHeadersCount', 'maxHeaderSize', 'maxRequestsPerSocket', 'noDelay', 'rejectNonStandardBodyWrites', 'requestTimeout', 'requireHostHeader', 'timeout'] as const;
const TLS = ['ALPNProtocols', 'ca', 'cert', 'ciphers', 'dhparam', 'ecdhCurve', 'honorCipherOrder', 'key', 'maxVersion', 'minVersion', 'passphrase', 'pfx', 'rejectUnauthorized', 'requestCert', 'sigalgs'] as const;

export interface Likeness {
  readonly protocol: Protocol;
  readonly index: number;
  /** Where the test's own process takes what is forwarded. */
  readonly door: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Those of them that are set on a server. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export function likeness(server: Server, known: Pick<Likeness, 'protocol' | 'index' | 'door'>): Likeness {
  const fields = pick(server, HTTP);
  return { ...known, fields, options: { ...fields, ...pick(server, TLS), ...http2Options(server) } };
}

function pick(from: object, names: readonly string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const name of names) {
    const value: unknown = Reflect.get(from, name);
    if (value !== undefined && value !== null && typeof value !== 'function') picked[name] = value;
  }
  return picked;
}

/** Node's http2 keeps them under a symbol of this name. */
function http2Options(server: Server): Record<string, unknown> {
  const key = Object.getOwnPropertySymbols(server).find(({ description }) => description === 'options');
  const options: unknown = key === undefined ? null : Reflect.get(server, key);
  return typeof options === 'object' && options !== null ? pick(options, Object.keys(options)) : {};
}
