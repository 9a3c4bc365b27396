// Says marks on the response of an HTTP/2 stream; Node's compatibility layer answers through it as well. It knows nothing of routing.

import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { additions, type Answered, type Marks } from '@graylane/wire';

type Respond = ServerHttp2Stream['respond'];

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
