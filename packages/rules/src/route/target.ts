// The path and host of a request, and which paths are traps: those that another reader of the same request could read otherwise.

import { trimmed } from './cookie.ts';

const SLASH = 0x2f;
const QUESTION = 0x3f;

/**
 * The path without the query, as received; null for one that matches no rule at all: dot segments (also as %2e), `//`, `\`, `%2f`, `%5c`, `%00`,
 * or an absolute-form target whose host contradicts the Host header.
 */
export function pathOf(target: string, host: string | null): string | null {
  const path = withoutQuery(target);
  if (path.charCodeAt(0) === SLASH || !target.includes('://')) return isTrap(path) ? null : path;
  return absolutePath(path, host);
}

function withoutQuery(target: string): string {
  const mark = target.indexOf('?');
  return mark === -1 ? target : target.slice(0, mark);
}

/** `http://host/path`, RFC 9112 §3.2.2. */
function absolutePath(address: string, host: string | null): string | null {
  const parts = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/]*)(.*)$/s.exec(address);
  if (parts === null) return isTrap(address) ? null : address;
  const [, authority = '', rest = ''] = parts;
  if (host !== null && hostOf(authority) !== host) return null;
  const path = rest === '' ? '/' : rest;
  return isTrap(path) ? null : path;
}

/** Lower case, without port. */
export function hostOf(value: string): string {
  const lower = value.toLowerCase();
  const port = /:\d*$/.exec(lower);
  return trimmed(lower, 0, port === null ? lower.length : port.index);
}

function isTrap(path: string): boolean {
  let suspicious = false;
  let previous = 0;
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    // % or \ or a slash before a slash or a dot.
    if (code === 0x25 || code === 0x5c || (previous === SLASH && (code === SLASH || code === 0x2e))) suspicious = true;
    if (code === QUESTION) break;
    previous = code;
  }
  return suspicious && TRAPS.test(path);
}

const TRAPS = /\/\/|\\|%(?:2f|5c|00)|\/(?:\.|%2e){1,2}(?:\/|$)/i;
