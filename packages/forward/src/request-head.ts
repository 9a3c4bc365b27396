// Builds the head that goes to an upstream from what Node's parser found, never from raw text, and refuses what could be read in two ways.

import type { IncomingMessage } from 'node:http';
import { Refusal } from './failure.ts';
import { kindOf } from './field-kinds.ts';
import type { FieldKind } from './field-kinds.ts';
import { BREAKS_LINE } from './octets.ts';

export type RequestFraming = 'none' | 'length' | 'chunked';

export interface RequestHead {
  /** latin1, with the empty line. */
  readonly text: string;
  readonly framing: RequestFraming;
  /** With `length`: how many bytes follow. */
  readonly length: number;
  /** The client waits for 100 before it sends its body. */
  readonly expectsContinue: boolean;
}

/** Pairs that Node keeps of one head when `maxHeadersCount` says nothing else (lib/_http_common.js). */
const NODE_KEEPS_LINES = 1000;

/** What framing depends on, as it was found in one request. */
export interface Controls {
  contentLength: string | null;
  transferEncoding: string | null;
  expectsContinue: boolean;
}

/**
 * The head for the hop between two workers of one machine: the client's own lines in their order, then `lines`.
 * The app at the far end reads it as if the client had sent it there. Throws Refusal.
 */
export function transparentHead(req: IncomingMessage, lines: string): RequestHead {
  const controls: Controls = { contentLength: null, transferEncoding: null, expectsContinue: false };
  const { rawHeaders } = req;
  refuseHiddenLines(req);
  let text = requestLine(req, req.httpVersion);
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1] as string;
    noteControl(controls, kindOf(name), value);
    text += name + ': ' + value + '\r\n';
  }
  return framed(controls, text + lines + '\r\n');
}

/** `as` is the version that this hop speaks. */
export function requestLine(req: IncomingMessage, as: string): string {
  const { method = '', url = '', httpVersion } = req;
  if (httpVersion !== '1.1' && httpVersion !== '1.0') throw new Refusal('version-refused', httpVersion);
  if (UNSAFE_TARGET.test(url)) throw new Refusal('bad-target', 'a space or control octet');
  return method + ' ' + url + ' HTTP/' + as + '\r\n';
}

/**
 * Node drops header lines beyond a count, but its parser still frames the message by them: a Content-Length behind them
 * would be hidden from us (CVE-2026-58044, open on all of Node 20). At the count nobody can tell, so it is refused.
 */
export function refuseHiddenLines(req: IncomingMessage): void {
  const { server } = req.socket as { server?: { maxHeadersCount?: number | null } };
  const configured = server?.maxHeadersCount;
  const kept = typeof configured === 'number' ? configured : NODE_KEEPS_LINES;
  if (kept > 0 && req.rawHeaders.length >= kept * 2) throw new Refusal('too-many-lines', `${req.rawHeaders.length / 2} lines`);
}

/** Looks at one line for what framing depends on, and refuses what would end it early. */
export function noteControl(controls: Controls, kind: FieldKind, value: string): void {
  // Only a lenient parser lets these through.
  if (BREAKS_LINE.test(value)) throw new Refusal('bad-framing', 'a control octet in a header line');
  switch (kind) {
    case 'plain': case 'own': case 'connection': case 'baggage': case 'host': case 'max-forwards':
      break;
    case 'expect':
      if (value.toLowerCase() === '100-continue') controls.expectsContinue = true;
      break;
    case 'content-length':
      if (controls.contentLength !== null) throw new Refusal('bad-framing', 'several Content-Length');
      controls.contentLength = value;
      break;
    case 'transfer-encoding':
      controls.transferEncoding = controls.transferEncoding === null ? value : controls.transferEncoding + ',' + value;
      break;
  }
}

/** The framing that the lines declare; `text` must declare the same. */
export function framed(controls: Controls, text: string): RequestHead {
  const { contentLength, transferEncoding, expectsContinue } = controls;
  if (transferEncoding !== null) {
    if (contentLength !== null) throw new Refusal('bad-framing', 'Content-Length with Transfer-Encoding');
    const codings = transferEncoding.toLowerCase().split(',');
    if (codings.length !== 1 || codings[0]?.trim() !== 'chunked') throw new Refusal('bad-framing', `Transfer-Encoding: ${transferEncoding}`);
    return { text, framing: 'chunked', length: 0, expectsContinue };
  }
  if (contentLength === null) return { text, framing: 'none', length: 0, expectsContinue };
  if (!DIGITS.test(contentLength)) throw new Refusal('bad-framing', 'a malformed Content-Length');
  const length = Number(contentLength);
  return { text, framing: length === 0 ? 'none' : 'length', length, expectsContinue };
}

const UNSAFE_TARGET = /[\0-\x20\x7f]|^$/;
const DIGITS = /^\d{1,15}$/;
