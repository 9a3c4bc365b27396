// Who may ask what. On the Unix socket the file's mode has decided already; on TCP a page in a browser must be kept out
// as well as a stranger.

import { ControlError } from '../problem.ts';
import type { Scope } from './routes.ts';

export interface Guard {
  /** Throws GL3016 or GL3017. */
  check(request: Request, scope: Scope): Promise<void>;
  /** As events name the one who asks. */
  who(request: Request): string;
}

const WHO_LIMIT = 80;

/** For the Unix socket: whoever can open it may do everything, and says who they are. */
export const socketGuard: Guard = {
  check: () => Promise.resolve(),
  who: (request) => claimedName(request) ?? 'api',
};

function claimedName(request: Request): string | null {
  const name = request.headers.get('graylane-who');
  // Names end up in terminals and logs.
  return name === null ? null : name.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, WHO_LIMIT);
}

/** Whoever holds a token, as it was verified. */
export interface TokenHolder {
  readonly name: string;
  readonly scope: Scope;
}

export interface TcpGuardOptions {
  /** `host:port` values under which this listener is asked for. Any other name is a DNS rebinding. */
  readonly hosts: ReadonlySet<string>;
  /** Null for an unknown, expired or revoked token. */
  readonly holder: (token: string) => Promise<TokenHolder | null>;
}

const RANK: Readonly<Record<Scope, number>> = { node: -1, read: 0, operate: 1, admin: 2 };

/** For TCP: the right host, no foreign page, and a token whose scope suffices. */
export function tcpGuard({ hosts, holder }: TcpGuardOptions): Guard {
  const names = new WeakMap<Request, string>();
  return {
    check: async (request, scope) => {
      // A target in absolute form names a host of its own, which counts (RFC 9112 §3.2.2).
      const host = [request.headers.get('host')?.toLowerCase() ?? '', new URL(request.url).host].find((name) => !hosts.has(name));
      if (host !== undefined) throw new ControlError('GL3017', { detail: 'this is not the name of this server', cause: `Host is '${host.slice(0, 80)}'`, fix: `use ${[...hosts].join(' or ')}` });
      refuseForeignPage(request, hosts);
      const token = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(request.headers.get('authorization') ?? '')?.[1];
      const found = token === undefined ? null : await holder(token);
      if (found === null) throw new ControlError('GL3016', { detail: token === undefined ? 'this needs a token' : 'the token is not valid, or no longer', fix: 'make one: graylane token create NAME --scope read' });
      if (RANK[found.scope] < RANK[scope]) throw new ControlError('GL3017', { detail: `the token '${found.name}' may ${found.scope}, this needs ${scope}`, fix: `make one with --scope ${scope}` });
      names.set(request, `token ${found.name}`);
    },
    who: (request) => names.get(request) ?? 'api',
  };
}

/** A browser says where a page is from; whoever is no browser says nothing. */
function refuseForeignPage(request: Request, hosts: ReadonlySet<string>): void {
  const origin = request.headers.get('origin');
  const site = request.headers.get('sec-fetch-site');
  const ownOrigin = origin === null || [...hosts].some((host) => origin === `http://${host}` || origin === `https://${host}`);
  const ownSite = site === null || site === 'same-origin' || site === 'none';
  if (!ownOrigin || !ownSite) throw new ControlError('GL3017', { detail: 'a page of another site may not ask this', cause: `Origin is '${(origin ?? site ?? '').slice(0, 80)}'` });
}
