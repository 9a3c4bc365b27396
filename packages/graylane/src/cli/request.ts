// A request as people type it (`'GET /cart' -H 'x-os: android' -b 'uid=42'`) in the shape that the router reads.

import { toBytes, type RequestFields } from '@graylane/rules';
import { exit, Failure } from '../print/failure.ts';

export interface RequestOptions {
  readonly header?: readonly string[];
  readonly cookie?: readonly string[];
}

/** Throws Failure on a header without a colon. */
export function requestFields(line: string, options: RequestOptions): RequestFields {
  const [first = '/', second] = line.trim().split(/\s+/);
  const [method, target] = second === undefined ? ['GET', first] : [first.toUpperCase(), second];
  const rawHeaders: string[] = [];
  for (const header of options.header ?? []) {
    const colon = header.indexOf(':');
    if (colon < 1) throw new Failure({ code: 'GL0040', message: `the header ${JSON.stringify(header)} has no value`, fix: "write -H 'name: value'" }, exit.usage);
    rawHeaders.push(header.slice(0, colon).trim(), headerValue(header.slice(colon + 1)));
  }
  if (options.cookie !== undefined && options.cookie.length > 0) rawHeaders.push('cookie', headerValue(options.cookie.join('; ')));
  return { method, target: originForm(target, rawHeaders), rawHeaders };
}

/** A whole URL is split into target and Host, as a client would send it. */
function originForm(target: string, rawHeaders: string[]): string {
  if (!/^https?:\/\//.test(target)) return target.startsWith('/') ? target : `/${target}`;
  const url = new URL(target);
  rawHeaders.push('host', url.host);
  return `${url.pathname}${url.search}`;
}

/** Node shows each byte of a header as one character. */
function headerValue(text: string): string {
  return toBytes(text.trim());
}
