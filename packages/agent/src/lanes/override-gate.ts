// Override links: a request with a token in its query gets the cookie and the clean address, or hears why not.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { mentionsOverride, openOverride, overrideCookie, overrideLink, type Note, type Seals } from '@graylane/wire';

const REFUSED = 'This override link does not hold: it has ended, or was not made here. Ask for a new one (graylane override LANE).\n';

/** True when it was answered. */
export function answerOverrideLink(request: IncomingMessage, response: ServerResponse, seals: Seals, refused: (note: Note) => void): boolean {
  const { method = '', url = '' } = request;
  if (!mentionsOverride(url)) return false;
  const link = overrideLink(method, url);
  if (link === null) return false;
  const opened = openOverride(seals, link.token);
  if (opened.kind === 'refused') {
    refused(`override-${opened.reason}`);
    response.writeHead(403, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(REFUSED), 'Cache-Control': 'no-store' });
    response.end(REFUSED);
    return true;
  }
  const cookie = overrideCookie(link.token, opened.expiresS - seals.nowS(), Reflect.get(request.socket, 'encrypted') === true);
  response.writeHead(302, { Location: link.clean, 'Set-Cookie': cookie, 'Cache-Control': 'no-store', 'Content-Length': '0' });
  response.end();
  return true;
}
