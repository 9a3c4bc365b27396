// Reads the head of an HTTP/1.1 response strictly, from bytes to offsets: whatever could be read in two ways is refused. It makes no strings but the few it compares.

import { COLON, CR, FIELD_VALUE, LF, SP, TAB, TOKEN } from './octets.ts';
import { invalid } from './failure.ts';

export type BodyFraming = 'none' | 'length' | 'chunked' | 'until-close';

/** One head; it holds until the next one is read, by whomever. */
export interface ResponseHead {
  readonly bytes: Buffer;
  readonly start: number;
  /** Just behind the empty line. */
  readonly end: number;
  readonly status: number;
  readonly minorVersion: number;
  /** Where the reason phrase is. */
  readonly reasonStart: number;
  readonly reasonEnd: number;
  /** Four offsets a line: name from, name to, value from, value to. */
  readonly lines: readonly number[];
  /** -1 when absent. */
  readonly contentLength: number;
  readonly chunked: boolean;
  /** A transfer coding other than chunked: the body ends with its connection (RFC 9112 §6.3). */
  readonly coded: boolean;
  readonly saysClose: boolean;
  readonly saysKeepAlive: boolean;
  /** `Connection` names fields of its own. */
  readonly namesFields: boolean;
  /** The `timeout` of Keep-Alive in seconds, or -1. */
  readonly keepAliveSeconds: number;
  /** The `max` of Keep-Alive, the most requests on one connection, or -1. */
  readonly keepAliveMax: number;
  readonly eventStream: boolean;
}

type Draft = { -readonly [K in keyof ResponseHead]: ResponseHead[K] } & { lines: number[] };

/** One for all connections: what is found in it is used up before the next read. */
const draft: Draft = {
  bytes: Buffer.alloc(0), start: 0, end: 0, status: 0, minorVersion: 1, reasonStart: 0, reasonEnd: 0, lines: [],
  contentLength: -1, chunked: false, coded: false, saysClose: false, saysKeepAlive: false, namesFields: false, keepAliveSeconds: -1, keepAliveMax: -1, eventStream: false,
};

/** The head that starts at `start`, or null while it is incomplete. Throws Refusal on the first octet that cannot be right. */
export function readHead(bytes: Buffer, start: number, end: number): ResponseHead | null {
  let at = readStatusLine(bytes, start, end);
  if (at === -1) return null;
  draft.lines.length = 0;
  draft.contentLength = -1;
  draft.chunked = draft.coded = draft.saysClose = draft.saysKeepAlive = draft.namesFields = draft.eventStream = false;
  draft.keepAliveSeconds = draft.keepAliveMax = -1;
  for (;;) {
    if (at + 1 >= end) return null;
    if (bytes[at] === CR) {
      if (bytes[at + 1] !== LF) invalid('a bare CR in the head');
      break;
    }
    at = readLine(bytes, at, end);
    if (at === -1) return null;
  }
  draft.bytes = bytes;
  draft.start = start;
  draft.end = at + 2;
  refuseContradictions(draft);
  return draft;
}

/** `HTTP/1.x NNN reason` (RFC 9112 §4); the index behind it, or -1. */
function readStatusLine(bytes: Buffer, start: number, end: number): number {
  for (let i = 0; i < STATUS_LINE.length && start + i < end; i++) {
    if (bytes[start + i] !== STATUS_LINE.charCodeAt(i)) invalid('no HTTP/1 status line');
  }
  if (end - start < 14) return -1;
  const minor = digit(bytes[start + 7]);
  const status = digit(bytes[start + 9]) * 100 + digit(bytes[start + 10]) * 10 + digit(bytes[start + 11]);
  if (minor > 1 || bytes[start + 8] !== SP || status < 100 || status > 999) invalid('a malformed status line');
  let at = start + 12;
  if (bytes[at] === SP) at++;
  else if (bytes[at] !== CR) invalid('a malformed status line');
  const reasonStart = at;
  while (at < end && FIELD_VALUE[bytes[at] as number] === 1) at++;
  if (at + 1 >= end) return -1;
  if (bytes[at] !== CR || bytes[at + 1] !== LF) invalid('a control octet in the status line');
  draft.minorVersion = minor;
  draft.status = status;
  draft.reasonStart = reasonStart;
  draft.reasonEnd = at;
  return at + 2;
}

/** One field line; the index behind it, or -1. */
function readLine(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && TOKEN[bytes[at] as number] === 1) at++;
  if (at >= end) return -1;
  const nameEnd = at;
  if (bytes[at] !== COLON || nameEnd === start) invalid('a malformed field name');
  at++;
  while (at < end && (bytes[at] === SP || bytes[at] === TAB)) at++;
  const valueStart = at;
  while (at < end && FIELD_VALUE[bytes[at] as number] === 1) at++;
  if (at + 1 >= end) return -1;
  if (bytes[at] !== CR || bytes[at + 1] !== LF) invalid('a control octet in a field value');
  let valueEnd = at;
  while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === TAB)) valueEnd--;
  draft.lines.push(start, nameEnd, valueStart, valueEnd);
  const length = nameEnd - start;
  // Only these lengths can be names that framing depends on.
  if (length === 10 || length === 12 || length === 14 || length === 17) readControl(bytes, start, nameEnd, valueStart, valueEnd);
  return at + 2;
}

/** Compares octets, not strings: this runs for most lines of most answers. */
function readControl(bytes: Buffer, start: number, nameEnd: number, valueStart: number, valueEnd: number): void {
  switch (nameEnd - start) {
    case 10:
      if (says(bytes, start, 'connection')) readConnection(bytes, valueStart, valueEnd);
      else if (says(bytes, start, 'keep-alive')) readKeepAlive(bytes.toString('latin1', valueStart, valueEnd));
      break;
    case 12:
      if (says(bytes, start, 'content-type')) draft.eventStream = valueEnd - valueStart >= EVENT_STREAM.length && says(bytes, valueStart, EVENT_STREAM);
      break;
    case 14:
      if (!says(bytes, start, 'content-length')) break;
      if (draft.contentLength !== -1) invalid('several Content-Length');
      draft.contentLength = contentLength(bytes, valueStart, valueEnd);
      break;
    case 17:
      if (!says(bytes, start, 'transfer-encoding')) break;
      if (draft.chunked || draft.coded) invalid('several Transfer-Encoding');
      draft.chunked = valueEnd - valueStart === CHUNKED.length && says(bytes, valueStart, CHUNKED);
      draft.coded = !draft.chunked;
      if (draft.coded && !CODING.test(bytes.toString('latin1', valueStart, valueEnd))) invalid('an unknown Transfer-Encoding');
      break;
    default:
  }
}

function readConnection(bytes: Buffer, start: number, end: number): void {
  const length = end - start;
  if (length === KEEP_ALIVE.length && says(bytes, start, KEEP_ALIVE)) {
    draft.saysKeepAlive = true;
  } else if (length === CLOSE.length && says(bytes, start, CLOSE)) {
    draft.saysClose = true;
  } else {
    for (const option of bytes.toString('latin1', start, end).toLowerCase().split(',')) {
      const name = option.trim();
      if (name === CLOSE) draft.saysClose = true;
      else if (name === KEEP_ALIVE) draft.saysKeepAlive = true;
      else if (name !== '') draft.namesFields = true;
    }
  }
}

const STATUS_LINE = 'HTTP/1.';
const KEEP_ALIVE = 'keep-alive';
const CLOSE = 'close';
const CHUNKED = 'chunked';
/** The registered codings beside chunked (RFC 9112 §7.2), alone. */
const CODING = /^(?:x-)?(?:gzip|compress)$|^deflate$/i;
const EVENT_STREAM = 'text/event-stream';
/** Turns upper case letters into lower case ones, and `-` and `/` into themselves. */
const LOWER = 0x20;

/** Whether the octets from `start` on are `lower`, in any case. `lower` has letters, `-` and `/` only. */
function says(bytes: Buffer, start: number, lower: string): boolean {
  for (let i = 0; i < lower.length; i++) if (((bytes[start + i] as number) | LOWER) !== lower.charCodeAt(i)) return false;
  return true;
}

function readKeepAlive(value: string): void {
  draft.keepAliveSeconds = Number(/\btimeout=(\d{1,6})\b/i.exec(value)?.[1] ?? -1);
  draft.keepAliveMax = Number(/\bmax=(\d{1,6})\b/i.exec(value)?.[1] ?? -1);
}

/** The value of a field of an answer, all lines joined; null without it. The name in lower case. */
export function fieldOf(head: ResponseHead, lower: string): string | null {
  const { bytes, lines } = head;
  let joined: string | null = null;
  for (let i = 0; i < lines.length; i += 4) {
    const [from, to] = [lines[i] as number, lines[i + 1] as number];
    if (to - from !== lower.length || bytes.toString('latin1', from, to).toLowerCase() !== lower) continue;
    const value = bytes.toString('latin1', lines[i + 2], lines[i + 3]);
    joined = joined === null ? value : `${joined}, ${value}`;
  }
  return joined;
}

/** How the body of this answer ends (RFC 9112 §6.3). */
export function framing(head: ResponseHead, toHead: boolean): BodyFraming {
  if (toHead || head.status < 200 || head.status === 204 || head.status === 304) return 'none';
  if (head.chunked) return 'chunked';
  if (head.contentLength === -1) return 'until-close';
  return head.contentLength === 0 ? 'none' : 'length';
}

function refuseContradictions(head: ResponseHead): void {
  if (!head.chunked && !head.coded) return;
  if (head.contentLength !== -1) invalid('Content-Length with Transfer-Encoding');
  if (head.minorVersion === 0) invalid('Transfer-Encoding in HTTP/1.0');
  if (head.coded && !head.saysClose) invalid('a transfer coding that does not end');
}

/** Makes every number that it is part of too large. */
const NOT_A_DIGIT = 10_000;

function digit(octet: number | undefined): number {
  return octet !== undefined && octet >= 48 && octet <= 57 ? octet - 48 : NOT_A_DIGIT;
}

/** Digits only, and few enough to be exact. Throws Refusal. */
function contentLength(bytes: Buffer, start: number, end: number): number {
  if (start === end || end - start > LENGTH_DIGITS) invalid('a malformed Content-Length');
  let length = 0;
  for (let i = start; i < end; i++) {
    const value = digit(bytes[i]);
    if (value === NOT_A_DIGIT) invalid('a malformed Content-Length');
    length = length * 10 + value;
  }
  return length;
}

const LENGTH_DIGITS = 15;
