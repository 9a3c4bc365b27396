// Where a request may carry an override token; whether it is believed is decided by whoever holds the key.

import type { RequestFields } from '../contract.ts';
import { findCookie } from './cookie.ts';
import { headerLine } from './derived.ts';

/** The name of the header, the cookie and the query parameter alike. */
export const OVERRIDE_NAME = 'graylane-override';

/** The token of the header, else of the cookie, or null. The query parameter only leads to the cookie, by a redirect. */
export function overrideToken(request: RequestFields): string | null {
  const header = headerLine(request, OVERRIDE_NAME);
  if (header !== null && header !== '') return header;
  const cookies = headerLine(request, 'cookie');
  return cookies === null ? null : findCookie(cookies, OVERRIDE_NAME);
}
