// One canonical reading of the request target, the same for the rules and for the app; whatever has two is refused. Pure.

/** What the gateway goes on with, or why it does not. */
export type Target =
  | { readonly kind: 'accepted'; readonly target: string }
  | { readonly kind: 'refused'; readonly detail: string };

/** `host` is the value of the request's Host. */
export function canonicalTarget(method: string, target: string, host: string): Target {
  if (target === '*') return method === 'OPTIONS' ? { kind: 'accepted', target } : refused('an asterisk is for OPTIONS only');
  if (target.startsWith('/')) return checkedPath(target);
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target);
  if (absolute === null) return refused('neither a path nor an absolute URL');
  const [, authority = '', rest = ''] = absolute;
  if (authority.includes('@')) return refused('credentials in the target');
  if (!sameAuthority(authority, host)) return refused('the target names another host than Host');
  // RFC 9112 §3.2.4: asked about the server, not about its root.
  if (method === 'OPTIONS' && rest === '') return { kind: 'accepted', target: '*' };
  return checkedPath(rest.startsWith('/') ? rest : `/${rest}`);
}

function checkedPath(target: string): Target {
  if (target.includes('#')) return refused('a fragment');
  const query = target.indexOf('?');
  const path = query === -1 ? target : target.slice(0, query);
  if (AMBIGUOUS.test(path)) return refused('a path with two readings');
  return { kind: 'accepted', target };
}

/** `//`, backslash, encoded slash, backslash or NUL, and dot segments in any spelling. */
const AMBIGUOUS = /\/\/|\\|%2f|%5c|%00|\/(?:\.|%2e){1,2}(?:\/|$)/i;

function sameAuthority(a: string, b: string): boolean {
  return withoutDefaultPort(a) === withoutDefaultPort(b);
}

function withoutDefaultPort(authority: string): string {
  return authority.toLowerCase().replace(/:(?:80|443)?$/, '');
}

function refused(detail: string): Target {
  return { kind: 'refused', detail };
}
