// Tags that are computed, not read: several sources, the user agent, a verified claim.

import type { SourcePlan } from '../compile/snapshot.ts';
import type { RequestFields, RouterOptions } from '../contract.ts';
import { toBytes } from '../language/utf8.ts';
import { findCookie, trimmed } from './cookie.ts';
import { userAgent } from './user-agent.ts';

/** The value of the first source that the request has, or null. */
export function derive(sources: readonly SourcePlan[], field: (field: number) => string | null, request: RequestFields, cookie: string | null, claim: RouterOptions['claim']): string | null {
  for (const source of sources) {
    const value = fromSource(source, field, request, cookie, claim);
    if (value !== null) return value;
  }
  return null;
}

function fromSource(source: SourcePlan, field: (field: number) => string | null, request: RequestFields, cookie: string | null, claim: RouterOptions['claim']): string | null {
  switch (source.kind) {
    case 'field': return field(source.field);
    case 'userAgent': return userAgent(source, (name) => headerLine(request, name));
    case 'ip': return request.address ?? null;
    case 'jwt': {
      if (claim === undefined) return null;
      const token = source.cookie === null ? bearer(headerLine(request, source.header ?? '')) : cookie === null ? null : findCookie(cookie, source.cookie);
      const value = token === null ? null : claim(token, source.claim);
      return value === null ? null : toBytes(value);
    }
  }
}

function bearer(header: string | null): string | null {
  if (header === null) return null;
  return /^bearer /i.test(header) ? trimmed(header, 7, header.length) : header;
}

/** All lines of a header, joined; null when there is none. */
export function headerLine(request: RequestFields, name: string): string | null {
  let joined: string | null = null;
  for (let i = 0; i + 1 < request.rawHeaders.length; i += 2) {
    if (request.rawHeaders[i]?.toLowerCase() !== name) continue;
    const raw = request.rawHeaders[i + 1] ?? '';
    const value = trimmed(raw, 0, raw.length);
    joined = joined === null ? value : `${joined}, ${value}`;
  }
  return joined;
}
