// Leaves a request with what is left of its `baggage` header, so that nobody further in believes the rest.

import type { IncomingMessage } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http2';
import { BAGGAGE_HEADER } from '@graylane/wire';
import { replaceHeader } from '../internals.ts';

/** '' takes the header away. */
export function leaveOnRequest(request: IncomingMessage, value: string): void {
  replaceHeader(request, BAGGAGE_HEADER, value);
}

export function leaveOnStream(headers: IncomingHttpHeaders, rawHeaders: string[], value: string): void {
  for (let at = rawHeaders.lastIndexOf(BAGGAGE_HEADER); at !== -1; at = rawHeaders.lastIndexOf(BAGGAGE_HEADER)) rawHeaders.splice(at, 2);
  Reflect.deleteProperty(headers, BAGGAGE_HEADER);
  if (value === '') return;
  rawHeaders.push(BAGGAGE_HEADER, value);
  headers[BAGGAGE_HEADER] = value;
}
