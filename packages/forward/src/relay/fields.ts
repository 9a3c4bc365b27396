// Header fields as both HTTP versions know them: a flat list of names in lower case and values. It frames nothing and moves nothing.

import { Refusal } from '../failure.ts';
import { kindOf } from '../field-kinds.ts';
import { canonicalName, isConnectionField, namedFields } from '../hop-by-hop.ts';
import { BREAKS_LINE } from '../octets.ts';
import { oneForwardLess, valuesOf, withoutStamps } from '../proxy-request.ts';
import { mayTrail } from '../trailers.ts';
import type { ResponseHead } from '../response-head.ts';

/** Name, value, name, value… */
export type Fields = readonly string[];

const PERSISTENCE = /^(?:keep-alive|close)$/i;

/** What a request says of its body and its connection, beside its end-to-end fields. */
export interface RequestFields {
  readonly fields: string[];
  /** As the client wrote it; null without one. */
  readonly contentLength: string | null;
  readonly takesTrailers: boolean;
  readonly expectsContinue: boolean;
}

/**
 * The end-to-end fields of a request, without Host and without what frames it. Cookie lines that HTTP/2 split
 * are one line again (RFC 9113 §8.2.3). Throws Refusal.
 */
export function requestFields(method: string, rawHeaders: Fields): RequestFields {
  const fields: string[] = [];
  let contentLength: string | null = null;
  let cookieAt = -1;
  let expectsContinue = false;
  const connection = valuesOf(rawHeaders, 'connection');
  const named = connection === '' || PERSISTENCE.test(connection) ? null : namedFields(connection);
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] as string).toLowerCase();
    let value = rawHeaders[i + 1] as string;
    if (name.startsWith(':')) continue;
    const kind = kindOf(name);
    if (BREAKS_LINE.test(value)) throw new Refusal('bad-framing', 'a control octet in a header line');
    if (kind === 'host' || kind === 'own' || kind === 'connection' || kind === 'transfer-encoding') continue;
    if (kind === 'content-length') {
      if (contentLength !== null) throw new Refusal('bad-framing', 'several Content-Length');
      contentLength = value;
      continue;
    }
    if (kind === 'expect') {
      expectsContinue ||= value.toLowerCase() === '100-continue';
      continue;
    }
    if (named?.has(canonicalName(name)) === true) continue;
    if (kind === 'max-forwards') value = oneForwardLess(method, value);
    if (kind === 'baggage') {
      value = withoutStamps(value);
      if (value === '') continue;
    }
    if (name === 'cookie' && cookieAt !== -1) fields[cookieAt] = `${fields[cookieAt]}; ${value}`;
    else {
      if (name === 'cookie') cookieAt = fields.length + 1;
      fields.push(name, value);
    }
  }
  const te = valuesOf(rawHeaders, 'te');
  return { fields, contentLength, expectsContinue, takesTrailers: te !== '' && /(?:^|[\s,])trailers\b/i.test(te) };
}

/** The end-to-end fields of an HTTP/1.1 answer. */
export function responseFields(head: ResponseHead): string[] {
  const { bytes, start, end, lines, status } = head;
  const fields: string[] = [];
  let connection = '';
  // One string out of the buffer costs as much as one name.
  const text = bytes.toString('latin1', start, end);
  for (let i = 0; i < lines.length; i += 4) {
    const name = text.slice(lines[i] as number - start, lines[i + 1] as number - start).toLowerCase();
    const value = text.slice(lines[i + 2] as number - start, lines[i + 3] as number - start);
    if (name === 'connection') connection = connection === '' ? value : `${connection}, ${value}`;
    // A 204 has no body to count (RFC 9110 §8.6).
    else if (!isConnectionField(name) && !(name === 'content-length' && (status === 204 || status < 200))) fields.push(name, value);
  }
  return head.namesFields ? withoutNamed(fields, namedFields(connection)) : fields;
}

function withoutNamed(fields: Fields, named: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) if (!named.has(fields[i] as string)) kept.push(fields[i] as string, fields[i + 1] as string);
  return kept;
}

/** All values of a field joined, or null; the name in lower case. */
export function fieldIn(fields: Fields, lower: string): string | null {
  let joined: string | null = null;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i] === lower) joined = joined === null ? fields[i + 1] as string : `${joined}, ${fields[i + 1]}`;
  }
  return joined;
}

/** Whole header lines (`Name: value`, CRLF behind each) as fields. */
export function fieldsOfLines(lines: string): string[] {
  return lines.split('\r\n').filter((line) => line !== '').flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
}

/** Fields as HTTP/1.1 lines. */
export function linesOf(fields: Fields): string {
  let text = '';
  for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return text;
}

type HeaderObject = Record<string, string | string[] | number>;

/** Node refuses to send these in several lines, which apps do nevertheless (`X-Content-Type-Options: nosniff` by app and framework). */
const ONE_LINE: ReadonlySet<string> = new Set([
  'access-control-allow-credentials', 'access-control-max-age', 'access-control-request-method', 'age', 'authorization', 'content-encoding',
  'content-language', 'content-length', 'content-location', 'content-md5', 'content-range', 'content-type', 'date', 'dnt', 'etag', 'expires', 'from',
  'host', 'if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since', 'last-modified', 'location', 'max-forwards',
  'proxy-authorization', 'range', 'referer', 'retry-after', 'tk', 'upgrade-insecure-requests', 'user-agent',
  'x-content-type-options',
]);

/** The shape that Node's HTTP/2 takes; without a prototype, for a field may be named `__proto__`. */
export function headerObject(fields: Fields): HeaderObject {
  const headers = Object.create(null) as HeaderObject;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    const value = fields[i + 1] as string;
    const before = headers[name];
    if (before === undefined) headers[name] = value;
    // One line with both means the same (RFC 9110 §5.3), and a value that is repeated says nothing new.
    else if (ONE_LINE.has(name)) headers[name] = before === value ? value : `${String(before)}, ${value}`;
    else if (Array.isArray(before)) before.push(value);
    else headers[name] = [String(before), value];
  }
  return headers;
}

/** What Node's HTTP/2 hands over, without pseudo fields and what belongs to a connection. */
export function fieldsOfObject(headers: Readonly<Record<string, string | string[] | number | undefined>>): string[] {
  const fields: string[] = [];
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value === undefined || name.startsWith(':') || isConnectionField(name)) continue;
    if (Array.isArray(value)) for (const one of value) fields.push(name, one);
    else fields.push(name, String(value));
  }
  return fields;
}

/** Trailers may say nothing of framing, routing or the connection (RFC 9110 §6.5.1). */
export function safeTrailers(fields: Fields): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const [name, value] = [(fields[i] as string).toLowerCase(), fields[i + 1] as string];
    if (mayTrail(name, value)) kept.push(name, value);
  }
  return kept;
}
