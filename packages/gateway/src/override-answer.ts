// The gateway's answers to override links: a cookie and the clean address, or why not. On either protocol.

import type { ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { mentionsOverride, openOverride, overrideCookie, overrideLink, type Note, type Seals } from '@graylane/wire';
import type { Ask } from './ask.ts';

const REFUSED = 'This override link does not hold: it has ended, or was not made here. Ask for a new one (graylane override LANE).\n';

export interface OverrideAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Null for a request that is no such link. */
export function overrideAnswer(ask: Ask, seals: Seals, refused: (note: Note) => void): OverrideAnswer | null {
  if (!mentionsOverride(ask.target)) return null;
  const link = overrideLink(ask.method, ask.target);
  if (link === null) return null;
  const opened = openOverride(seals, link.token);
  if (opened.kind === 'refused') {
    refused(`override-${opened.reason}`);
    return { status: 403, headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', 'content-length': String(Buffer.byteLength(REFUSED)) }, body: REFUSED };
  }
  const cookie = overrideCookie(link.token, opened.expiresS - seals.nowS(), ask.secure);
  return { status: 302, headers: { location: link.clean, 'set-cookie': cookie, 'cache-control': 'no-store', 'content-length': '0' }, body: '' };
}

export function sendOnResponse({ status, headers, body }: OverrideAnswer, response: ServerResponse): void {
  response.writeHead(status, headers);
  response.end(body);
}

export function sendOnStream({ status, headers, body }: OverrideAnswer, stream: ServerHttp2Stream): void {
  stream.respond({ ':status': status, ...headers });
  stream.end(body);
}
