// The answer's head of a proxy hop: the upstream's end-to-end fields and this hop's own framing.

import type { IncomingMessage } from 'node:http';
import { Refusal } from './failure.ts';
import type { EditReply, ReplyHead } from './hop.ts';
import { CONNECTION_FIELDS, isConnectionField, namedFields } from './hop-by-hop.ts';
import type { BodyFraming, ResponseHead } from './response-head.ts';
import { fieldOf } from './response-head.ts';

export function proxyReplyHead(head: ResponseHead, framing: BodyFraming, req: IncomingMessage, mayKeep: boolean, editReply: EditReply | null): ReplyHead {
  const edit = editReply?.({ status: head.status, field: (lower) => fieldOf(head, lower) });
  const old = req.httpVersion === '1.0';
  const unframed = framing === 'chunked' || framing === 'until-close';
  const chunked = unframed && !old;
  // What HTTP/1.0 cannot frame ends with its connection.
  const keep = mayKeep && !(unframed && old);
  let text = endToEnd(head, edit?.drop ?? null) + (edit?.add ?? '');
  if (chunked) text += 'Transfer-Encoding: chunked\r\n';
  if (!keep) text += 'Connection: close\r\n';
  else if (old) text += 'Connection: keep-alive\r\n';
  return { text: `${text}\r\n`, keep, mayStay: false, chunked };
}

/** An informational answer; a client of HTTP/1.0 does not know them. */
export function proxyInterim(head: ResponseHead, req: IncomingMessage): string {
  return req.httpVersion === '1.0' ? '' : `${endToEnd(head, null)}\r\n`;
}

/** A 101: the switch itself is the one thing of the connection that both sides must hear. */
export function proxySwitch(head: ResponseHead, req: IncomingMessage): string {
  const protocol = fieldOf(head, 'upgrade') ?? '';
  if (protocol.toLowerCase() !== req.headers.upgrade?.toLowerCase()) throw new Refusal('upgrade-unasked', protocol);
  return `${endToEnd(head, null)}Upgrade: ${protocol}\r\nConnection: Upgrade\r\n\r\n`;
}

/** Status line and end-to-end fields, without the empty line. Lines that stay together are copied together. */
function endToEnd(head: ResponseHead, drop: ReadonlySet<string> | null): string {
  const { bytes, lines, status } = head;
  const named = head.namesFields ? namedFields(fieldOf(head, 'connection') ?? '') : null;
  let text = `HTTP/1.1 ${status} ${bytes.toString('latin1', head.reasonStart, head.reasonEnd)}\r\n`;
  let dated = status < 200;
  let from = head.reasonEnd + 2;
  for (let i = 0; i < lines.length; i += 4) {
    const [start, nameEnd] = [lines[i] as number, lines[i + 1] as number];
    if (named === null && drop === null && !MARKED_LENGTHS.has(nameEnd - start)) continue;
    const name = bytes.toString('latin1', start, nameEnd).toLowerCase();
    if (name === 'date') dated = true;
    // A 204 has no body to count (RFC 9110 §8.6).
    const stays = !isConnectionField(name) && named?.has(name) !== true && drop?.has(name) !== true && !(name === 'content-length' && (status === 204 || status < 200));
    if (stays) continue;
    text += bytes.toString('latin1', from, start);
    from = i + 4 < lines.length ? lines[i + 4] as number : head.end - 2;
  }
  text += bytes.toString('latin1', from, head.end - 2);
  return dated ? text : `${text}Date: ${new Date().toUTCString()}\r\n`;
}

/** Only names of these lengths can be fields of the connection, a length or a date. */
const MARKED_LENGTHS: ReadonlySet<number> = new Set([...CONNECTION_FIELDS, 'content-length', 'date'].map((name) => name.length));
