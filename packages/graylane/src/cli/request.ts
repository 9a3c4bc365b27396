// A request as people type it (`'GET /cart' -H 'x-os: android' -b 'uid=42'`) in the shape that the router reads.

import { toBytes, type RequestFields } from '@graylane/rules';
import { ID_COOKIE } from '../print/explanation.ts';
import { exit, Failure } from '../print/failure.ts';

export interface RequestOptions {
  readonly header?: readonly string[];
  readonly cookie?: readonly string[];
}

/** Nobody has a page of this name; whoever types it means the method. */
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Throws Failure on what is no request: no path, a header without a colon, a cookie without a value. */
export function requestFields(line: string, options: RequestOptions): RequestFields {
  const [first = '/', second] = line.trim().split(/\s+/);
  if (second === undefined && METHODS.has(first)) throw new Failure({ code: 'GL0040', message: `the request '${line}' has no path`, fix: `write '${first} /'` }, exit.usage);
  if (second === undefined && !/^(?:\/|https?:\/\/)/.test(first)) throw new Failure({ code: 'GL0040', message: `'${line}' is neither a path nor an address`, fix: `write 'GET /${first}' or https://host/path` }, exit.usage);
  const [method, target] = second === undefined ? ['GET', first] : [first.toUpperCase(), second];
  const rawHeaders: string[] = [];
  for (const header of options.header ?? []) {
    const colon = header.indexOf(':');
    if (colon < 1) throw new Failure({ code: 'GL0040', message: `the header ${JSON.stringify(header)} has no value`, fix: "write -H 'name: value'" }, exit.usage);
    rawHeaders.push(header.slice(0, colon).trim(), headerValue(header.slice(colon + 1)));
  }
  const bare = options.cookie?.find((cookie) => !cookie.includes('='));
  if (bare !== undefined) throw new Failure({ code: 'GL0040', message: `the cookie ${JSON.stringify(bare)} has no value`, fix: "write -b 'name=value'" }, exit.usage);
  if (options.cookie !== undefined && options.cookie.length > 0) rawHeaders.push('cookie', headerValue(options.cookie.join('; ')));
  return { method, target: originForm(target, rawHeaders), rawHeaders };
}

/** Whether the request says which visitor it comes from. */
export function hasId({ rawHeaders }: RequestFields): boolean {
  return rawHeaders.some((value, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'cookie' && value.split(';').some((pair) => pair.trim().startsWith(`${ID_COOKIE}=`)));
}

/** A whole URL is split into target and Host, as a client would send it. */
function originForm(target: string, rawHeaders: string[]): string {
  if (!/^https?:\/\//.test(target)) return target.startsWith('/') ? target : `/${target}`;
  if (!URL.canParse(target)) throw new Failure({ code: 'GL0040', message: `'${target}' is no address`, fix: 'write it as a browser shows it: https://shop.example/cart' }, exit.usage);
  const url = new URL(target);
  rawHeaders.push('host', url.host);
  return `${url.pathname}${url.search}`;
}

/** Node shows each byte of a header as one character. */
function headerValue(text: string): string {
  return toBytes(text.trim());
}
