// The one value per name that a request has (docs/routing.md, Values). It decides nothing.

import type { TagSource, WireRequest } from './document.ts';

/** Null where the request has no such value; text is bytes as latin1. */
export type Value = string | null;

export function headerValue(request: WireRequest, name: string): Value {
  const wanted = name.toLowerCase();
  const lines = request.headers.filter(([line]) => line.toLowerCase() === wanted).map(([, value]) => trimmed(value));
  return lines.length === 0 ? null : trimmed(lines.join(wanted === 'cookie' ? '; ' : ', '));
}

export function cookieValue(request: WireRequest, name: string): Value {
  for (const pair of (headerValue(request, 'cookie') ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals !== -1 && trimmed(pair.slice(0, equals)) === utf8(name)) return trimmed(pair.slice(equals + 1));
  }
  return null;
}

export function queryValue(request: WireRequest, name: string): Value {
  const mark = request.target.indexOf('?');
  if (mark === -1) return null;
  const value = new URLSearchParams(request.target.slice(mark + 1)).get(name);
  return value === null ? null : utf8(value);
}

export function tagValue(request: WireRequest, source: TagSource): Value {
  if ('header' in source) return headerValue(request, source.header);
  if ('cookie' in source) return cookieValue(request, source.cookie);
  return queryValue(request, source.query);
}

export function hostValue(request: WireRequest): Value {
  return headerValue(request, 'host')?.toLowerCase().replace(/:\d*$/, '') ?? null;
}

/** Null for a path with two readings, which no `path` matcher matches. */
export function pathValue(request: WireRequest): Value {
  let target = request.target;
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)(.*)$/is.exec(target);
  if (absolute !== null) {
    if (absolute[1]?.toLowerCase() !== headerValue(request, 'host')?.toLowerCase()) return null;
    target = absolute[2] === '' ? '/' : (absolute[2] ?? '/');
  }
  const path = target.split('?', 1)[0] ?? '';
  const dotSegment = path.split('/').some((segment) => /^(\.|%2e){1,2}$/i.test(segment));
  return dotSegment || /\/\/|\\|%2f|%5c|%00/i.test(path) ? null : path;
}

/** A document's text as the bytes that a request would carry. */
export function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function trimmed(value: string): string {
  return value.replace(/^[ \t]+|[ \t]+$/g, '');
}
