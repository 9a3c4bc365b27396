// The `upstreams` of a service's versions as addresses: `host:port`, `http://host:port`, `https://host`, or a Unix path.

import type { Address, Upstream } from '@graylane/forward';
import type { ServiceSpec } from '@graylane/rules';
import { exit, Failure, type Problem } from '../print/failure.ts';

/** Version to its upstreams. Throws Failure with all that cannot be read. */
export function upstreamsOf(name: string, service: ServiceSpec): Readonly<Record<string, readonly Upstream[]>> {
  const problems: Problem[] = [];
  const versions = Object.entries(service.versions).map(([version, { upstreams }]): readonly [string, readonly Upstream[]] => {
    if (upstreams === undefined || upstreams.length === 0) {
      problems.push({ code: 'GL0080', message: `version ${version} of ${name} has no upstreams`, fix: 'name them: upstreams: ["127.0.0.1:3000"]' });
      return [version, []];
    }
    return [version, upstreams.flatMap((text) => upstreamOf(text) ?? refused(text, problems))];
  });
  if (problems.length > 0) throw new Failure(problems, exit.usage);
  return Object.fromEntries(versions);
}

function refused(text: string, problems: Problem[]): [] {
  problems.push({ code: 'GL0081', message: `${JSON.stringify(text)} is no upstream`, fix: 'write host:port, http://host:port, https://host:port or the path of a Unix socket' });
  return [];
}

function upstreamOf(text: string): Upstream | null {
  const address = addressOf(text);
  return address === null ? null : { key: text, address };
}

function addressOf(text: string): Address | null {
  if (text.startsWith('/') || text.startsWith('unix:')) return { path: text.replace(/^unix:/, '') };
  const url = URL.parse(/^https?:\/\//.test(text) ? text : `http://${text}`);
  if (url === null || url.hostname === '' || (url.pathname !== '/' && url.pathname !== '')) return null;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isSecure = url.protocol === 'https:';
  const port = url.port === '' ? (isSecure ? 443 : 80) : Number(url.port);
  return isSecure ? { host, port, tls: { servername: host } } : { host, port };
}
