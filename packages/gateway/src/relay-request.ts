// The request that a relay sends, from what its client asked: end-to-end fields, and what this hop says. It sends nothing.

import type { IncomingMessage } from 'node:http';
import { Refusal, proxyHop, valuesOf } from '@graylane/forward';
import { fieldsOfLines, requestFields } from '@graylane/forward/relay';
import type { RelayRequest } from '@graylane/forward/relay';
import { hostOf } from './ask.ts';
import type { Ask } from './ask.ts';
import type { ForwardedSaid } from './forwarded.ts';

const DIGITS = /^\d{1,15}$/;
const VIA: Readonly<Record<Ask['protocol'], string>> = { 'HTTP/1.0': '1.0 graylane', 'HTTP/1.1': '1.1 graylane', 'HTTP/2': '2 graylane' };

/** `ended`: the stream's head was all of it. `stamp` is a header line to add, or ''. Throws Refusal. */
export function streamRequest(ask: Ask, ended: boolean, forwarded: ForwardedSaid, stamp: string): RelayRequest {
  const said = requestFields(ask.method, ask.rawHeaders);
  const { contentLength } = said;
  if (contentLength !== null && !DIGITS.test(contentLength)) throw new Refusal('bad-framing', 'a malformed Content-Length');
  if (ended && contentLength !== null && Number(contentLength) !== 0) throw new Refusal('bad-framing', 'a Content-Length without a body');
  return composed(ask, said, ended ? 'none' : contentLength === null ? 'unknown' : Number(contentLength), forwarded, stamp);
}

/** Throws Refusal on what an HTTP/1.1 hop would refuse, too. */
export function messageRequest(req: IncomingMessage, ask: Ask, forwarded: ForwardedSaid, stamp: string): RelayRequest {
  const { framing, length } = proxyHop.requestHead(req, '', false);
  return composed(ask, requestFields(ask.method, ask.rawHeaders), framing === 'chunked' ? 'unknown' : framing === 'length' ? length : 'none', forwarded, stamp);
}

function composed(ask: Ask, said: ReturnType<typeof requestFields>, body: RelayRequest['body'], forwarded: ForwardedSaid, stamp: string): RelayRequest {
  const { method, target, secure, protocol } = ask;
  // Made for this request alone.
  const { fields } = said;
  fields.push('via', VIA[protocol], ...forwarded.fields);
  if (stamp !== '') fields.push(...fieldsOfLines(stamp));
  return {
    method, target, body,
    scheme: secure ? 'https' : 'http',
    authority: hostOf(ask),
    fields,
    takesTrailers: said.takesTrailers,
    expectsContinue: said.expectsContinue,
    isRpc: valuesOf(ask.rawHeaders, 'content-type').startsWith('application/grpc'),
  };
}
