// Says marks on a response of the app, at the one moment when its head is complete: the app may write it in any way it
// likes and never sees them. It knows nothing of routing.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { additions, type Addition, type Answered, type Marks } from '@graylane/wire';
import { onHead } from './internals.ts';

export function markResponse(request: IncomingMessage, response: ServerResponse, marks: Marks): void {
  onHead(response, (head) => {
    const answered: Answered = {
      method: request.method ?? 'GET',
      status: response.statusCode,
      authorized: request.headers.authorization !== undefined,
      header: (name) => lineValues(head, name),
    };
    return additions(marks, answered).reduce(withLine, head);
  });
}

/** All values of a header in a head as text, joined; null without one. */
function lineValues(head: string, name: string): string | null {
  // Most heads have no such line, and one look is a tenth of taking them apart.
  if (!mentionOf(name).test(head)) return null;
  const values: string[] = [];
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    if (colon === name.length && line.slice(0, colon).toLowerCase() === name) values.push(line.slice(colon + 1).trim());
  }
  return values.length === 0 ? null : values.join(', ');
}

const mentions = new Map<string, RegExp>();

/** Asked for by `additions` only, which knows three names. */
function mentionOf(name: string): RegExp {
  const known = mentions.get(name);
  if (known !== undefined) return known;
  const mention = new RegExp(`\\r\\n${name}:`, 'i');
  mentions.set(name, mention);
  return mention;
}

function withLine(head: string, { name, value, replace }: Addition): string {
  const rest = replace ? withoutLines(head, name.toLowerCase()) : head;
  // A head ends with an empty line; ours goes before it.
  return `${rest.slice(0, -2)}${name}: ${value}\r\n\r\n`;
}

function withoutLines(head: string, name: string): string {
  return head.split('\r\n').filter((line) => line.slice(0, name.length + 1).toLowerCase() !== `${name}:`).join('\r\n');
}

type Respond = ServerHttp2Stream['respond'];

/** The same for an HTTP/2 stream; Node's compatibility layer answers through it as well. */
export function markStream(stream: ServerHttp2Stream, method: string, authorized: boolean, marks: Marks): void {
  const respond: Respond = stream.respond.bind(stream);
  stream.respond = (headers, options) => {
    respond(isRaw(headers) ? headers : withHeaders(headers ?? {}, method, authorized, marks), options);
  };
}

/** Names and values in one list are sent as they stand. */
function isRaw(headers: OutgoingHttpHeaders | readonly string[] | undefined): headers is readonly string[] {
  return Array.isArray(headers);
}

function withHeaders(headers: OutgoingHttpHeaders, method: string, authorized: boolean, marks: Marks): OutgoingHttpHeaders {
  const answered: Answered = { method, authorized, status: Number(headers[':status'] ?? 200), header: (name) => textOf(find(headers, name)) };
  const marked: OutgoingHttpHeaders = { ...headers };
  for (const { name, value, replace } of additions(marks, answered)) {
    const key = Object.keys(marked).find((known) => known.toLowerCase() === name.toLowerCase()) ?? name.toLowerCase();
    const before = marked[key];
    marked[key] = replace || before === undefined ? value : name === 'Set-Cookie' ? [...listOf(before), value] : `${textOf(before) ?? ''}, ${value}`;
  }
  return marked;
}

function find(headers: OutgoingHttpHeaders, name: string): OutgoingHttpHeaders[string] {
  const key = Object.keys(headers).find((known) => known.toLowerCase() === name);
  return key === undefined ? undefined : headers[key];
}

function listOf(value: string | number | string[]): string[] {
  return Array.isArray(value) ? value : [String(value)];
}

function textOf(value: OutgoingHttpHeaders[string]): string | null {
  return value === undefined ? null : listOf(value).join(', ');
}
