// The answer's head of a proxy hop: the upstream's end-to-end fields and this hop's own framing.

import type { IncomingMessage } from 'node:http';
import type { ReplyEdit, ReplyHead } from './hop.ts';
import { isConnectionField, namedFields } from './hop-by-hop.ts';
import type { BodyFraming, ResponseHead } from './response-head.ts';

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

export function proxyReplyHead(head: ResponseHead, framing: BodyFraming, req: IncomingMessage, mayKeep: boolean, edit: ReplyEdit | null): ReplyHead {
  const old = req.httpVersion === '1.0';
  const unframed = framing === 'chunked' || framing === 'until-close';
  const chunked = unframed && !old;
  // What HTTP/1.0 cannot frame ends with its connection.
  const keep = mayKeep && !(unframed && old);
  let text = endToEnd(head, edit?.drop ?? null) + (edit?.add ?? '');
  if (chunked) text += 'Transfer-Encoding: chunked\r\n';
  if (!keep) text += 'Connection: close\r\n';
  else if (old) text += 'Connection: keep-alive\r\n';
  return { text: `${text}\r\n`, keep, chunked };
}

/** An informational answer; a client of HTTP/1.0 does not know them. */
export function proxyInterim(head: ResponseHead, req: IncomingMessage): string {
  return req.httpVersion === '1.0' ? '' : `${endToEnd(head, null)}\r\n`;
}

/** A 101: the switch itself is the one thing of the connection that both sides must hear. */
export function proxySwitch(head: ResponseHead): string {
  return `${endToEnd(head, null)}Upgrade: ${fieldOf(head, 'upgrade') ?? ''}\r\nConnection: Upgrade\r\n\r\n`;
}

/** Status line and end-to-end fields, without the empty line. */
function endToEnd(head: ResponseHead, drop: ReadonlySet<string> | null): string {
  const { bytes, lines, status } = head;
  const connection = fieldOf(head, 'connection');
  const named = connection === null || PERSISTENCE.test(connection) ? null : namedFields(connection);
  let text = `HTTP/1.1 ${status} ${bytes.toString('latin1', head.reasonStart, head.reasonEnd)}\r\n`;
  let dated = status < 200;
  for (let i = 0; i < lines.length; i += 4) {
    const name = bytes.toString('latin1', lines[i], lines[i + 1]);
    const kind = answerKindOf(name);
    if (kind === 'connection') continue;
    if (named?.has(name.toLowerCase()) === true || drop?.has(name.toLowerCase()) === true) continue;
    // A 204 has no body to count (RFC 9110 §8.6).
    if (kind === 'content-length' && (status === 204 || status < 200)) continue;
    if (kind === 'date') dated = true;
    text += `${name}: ${bytes.toString('latin1', lines[i + 2], lines[i + 3])}\r\n`;
  }
  return dated ? text : `${text}Date: ${new Date().toUTCString()}\r\n`;
}

/** Names no field: by far the most that is said there. */
const PERSISTENCE = /^(?:keep-alive|close)$/i;

type AnswerKind = 'plain' | 'connection' | 'content-length' | 'date';

/** Names in answers of one's own apps; beyond it something is wrong. */
const REMEMBERED = 1_024;
const known = new Map<string, AnswerKind>();

function answerKindOf(name: string): AnswerKind {
  const remembered = known.get(name);
  if (remembered !== undefined) return remembered;
  const lower = name.toLowerCase();
  const kind = isConnectionField(lower) ? 'connection' : lower === 'date' || lower === 'content-length' ? lower : 'plain';
  if (known.size < REMEMBERED) known.set(name, kind);
  return kind;
}
