// The request head of a proxy hop: the client's end-to-end fields, framed anew, without what belongs to its connection and what it may not say.

import type { IncomingMessage } from 'node:http';
import { isForeign, parseBaggage } from '@graylane/wire';
import { Refusal } from './failure.ts';
import { kindOf } from './field-kinds.ts';
import { canonicalName, namedFields } from './hop-by-hop.ts';
import { framed, noteControl, refuseHiddenLines, requestLine } from './request-head.ts';
import type { Controls, RequestHead } from './request-head.ts';

/** How this hop names itself in Via (RFC 9110 §7.6.3). */
const VIA_LINE = 'Via: 1.1 graylane\r\n';

/** Names no field: by far the most that is said there. */
const PERSISTENCE = /^(?:keep-alive|close)$/i;

/** Throws Refusal. `lines` go last. */
export function proxyRequestHead(req: IncomingMessage, lines: string, upgrade: boolean): RequestHead {
  refuseHiddenLines(req);
  const { rawHeaders } = req;
  const controls: Controls = { contentLength: null, transferEncoding: null, expectsContinue: false };
  const connection = valuesOf(rawHeaders, 'connection');
  const named = connection === '' || PERSISTENCE.test(connection) ? null : namedFields(connection);
  if (req.method === 'CONNECT') throw new Refusal('method-refused', req.method);
  let text = requestLine(req, '1.1');
  let hosts = 0;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    let value = rawHeaders[i + 1] as string;
    const kind = kindOf(name);
    noteControl(controls, kind, value);
    if (kind !== 'plain') {
      if (kind === 'connection' || kind === 'own' || kind === 'transfer-encoding') continue;
      if (kind === 'host') {
        hosts++;
        refuseBadHost(value);
      }
      if (kind === 'expect' && req.httpVersion === '1.0') continue;
      if (kind === 'baggage') {
        value = withoutStamps(value);
        if (value === '') continue;
      }
      if (kind === 'max-forwards') value = oneForwardLess(req.method, value);
      if (kind === 'content-length') value = value.replace(/^0+(?=\d)/, '');
    }
    if (named?.has(canonicalName(name)) === true) continue;
    text += name + ': ' + value + '\r\n';
  }
  // HTTP/1.0 does without; whoever speaks HTTP/1.1 for it says that there was none (RFC 9112 §3.2).
  if (hosts === 0 && req.httpVersion === '1.0') text += 'Host: \r\n';
  else if (hosts !== 1) throw new Refusal('bad-host', `${hosts} Host fields`);
  // RFC 9112 §6.1, RFC 9110 §7.8: the one frames nothing there, the other means nothing.
  if (req.httpVersion === '1.0' && (upgrade || controls.transferEncoding !== null)) throw new Refusal('bad-framing', 'HTTP/1.1 in HTTP/1.0');
  const head = framed(controls, '');
  if (head.framing === 'chunked') text += 'Transfer-Encoding: chunked\r\n';
  if (named?.has('te') === true && /(?:^|[\s,])trailers\b/i.test(valuesOf(rawHeaders, 'te'))) text += 'TE: trailers\r\nConnection: TE\r\n';
  if (upgrade) text += `Upgrade: ${valuesOf(rawHeaders, 'upgrade')}\r\nConnection: Upgrade\r\n`;
  return { ...head, text: text + VIA_LINE + lines + '\r\n' };
}

/** RFC 9110 §7.6.2: who gets the last one answers by itself. */
export function oneForwardLess(method: string | undefined, value: string): string {
  if ((method !== 'OPTIONS' && method !== 'TRACE') || !/^\d{1,9}$/.test(value)) return value;
  if (Number(value) === 0) throw new Refusal('method-refused', 'Max-Forwards: 0');
  return String(Number(value) - 1);
}

/** All values of a field, joined; '' without any. */
export function valuesOf(rawHeaders: readonly string[], lower: string): string {
  let joined = '';
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === lower.length && name.toLowerCase() === lower) joined += joined === '' ? rawHeaders[i + 1] as string : `, ${rawHeaders[i + 1]}`;
  }
  return joined;
}

/** Drops the members of a `baggage` that only the strategy's own hops may set, in any spelling; the others stay as they are. */
export function withoutStamps(baggage: string): string {
  if (isForeign(baggage)) return baggage;
  const { own, rest, cut } = parseBaggage(baggage);
  return own.size === 0 && !cut ? baggage : rest.join(',');
}

function refuseBadHost(value: string): void {
  if (!/^[A-Za-z0-9\-._~%!$&'()*+;=]*(?::\d{0,5})?$|^\[[0-9A-Fa-f:.]+\](?::\d{0,5})?$/.test(value)) throw new Refusal('bad-host', 'a malformed Host');
}
