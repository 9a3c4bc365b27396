// The `upstreams` of a service's versions: `host:port`, `http://host`, `https://host`, `h2c://host`, `h2://host`, or a Unix path.

import { readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { Target, TargetTls } from '@graylane/gateway';
import type { ServiceSpec } from '@graylane/rules';
import type { Look } from './look.ts';
import type { UpstreamTlsSpec } from './types.ts';

/** How an upstream is reached, by the scheme of its URL. */
const SCHEMES: Readonly<Record<string, { readonly http2: boolean; readonly tls: boolean; readonly port: number }>> = {
  'http:': { http2: false, tls: false, port: 80 },
  'https:': { http2: false, tls: true, port: 443 },
  'h2c:': { http2: true, tls: false, port: 80 },
  'h2:': { http2: true, tls: true, port: 443 },
  'grpc:': { http2: true, tls: false, port: 80 },
  'grpcs:': { http2: true, tls: true, port: 443 },
};
const UNIX = /^(h2c\+)?(?:unix:)?(\/.+)$/;

/** Version to its upstreams. `look` stands at the service. */
export function targetsOf(name: string, service: ServiceSpec, tls: UpstreamTlsSpec, look: Look): Readonly<Record<string, readonly Target[]>> {
  return Object.fromEntries(Object.entries(service.versions).map(([version, { upstreams }]): readonly [string, readonly Target[]] => {
    const at = look.at('versions').at(version);
    if (upstreams === undefined || upstreams.length === 0) {
      at.fail(`version ${version} of ${name} has no upstreams`, 'name them: upstreams: ["http://127.0.0.1:3000"]', 'GL0080');
      return [version, []];
    }
    return [version, upstreams.flatMap((text, i) => targetOf(text, tls) ?? refused(text, at.at('upstreams').at(i)))];
  }));
}

function refused(text: string, look: Look): [] {
  look.fail(`${JSON.stringify(text)} is no upstream`, 'write host:port, http://host:port, https://host:port, h2c://host:port, h2://host:port or unix:/path', 'GL0081');
  return [];
}

export function targetOf(text: string, tls: UpstreamTlsSpec): Target | null {
  const unix = UNIX.exec(text);
  if (unix?.[2] !== undefined) return { text, place: { path: unix[2] }, http2: unix[1] !== undefined, tls: null };
  const full = /^[a-z0-9]+:\/\//.test(text) ? text : `http://${text}`;
  const scheme = SCHEMES[full.slice(0, full.indexOf(':') + 1)];
  // As http, for URL reads ports and brackets of no other scheme the same way.
  const url = URL.parse(full.replace(/^[a-z0-9]+:/, 'http:'));
  if (scheme === undefined || url === null || url.hostname === '' || (url.pathname !== '/' && url.pathname !== '') || url.search !== '' || url.username !== '') return null;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const named = /:(\d+)\/?$/.exec(full);
  return { text, place: { host, port: named === null ? scheme.port : Number(named[1]) }, http2: scheme.http2, tls: scheme.tls ? tlsOf(host, tls) : null };
}

function tlsOf(host: string, { ca, cert, key, servername }: UpstreamTlsSpec): TargetTls {
  return { servername: servername ?? host, ca: ca ?? null, identity: cert === undefined || key === undefined ? null : { cert, key } };
}

/** File names made absolute; files that cannot be read are faults. */
export function upstreamTlsOf(look: Look, base: string): UpstreamTlsSpec {
  const { ca, cert, key, servername } = look.keys('upstreamTls', ['ca', 'cert', 'key', 'servername']);
  const file = (one: Look, what: string): string | undefined => {
    const text = one.text(what);
    return text === undefined ? undefined : readable(one, absolute(base, text));
  };
  if (cert.isMissing !== key.isMissing) look.fail('of cert and key only one is there', 'name both, or none');
  const found = { ca: file(ca, 'ca'), cert: file(cert, 'cert'), key: file(key, 'key'), servername: servername.text('servername') };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

export function absolute(base: string, path: string): string {
  return isAbsolute(path) ? path : resolve(base, path);
}

export function readable(look: Look, path: string): string {
  try {
    readFileSync(path);
  } catch (error) {
    look.fail(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, 'name a file that this user may read', 'GL0083');
  }
  return path;
}
