// The opening handshake of RFC 6455 that HTTP/2 does without: a new key, and the digest that proves that an app has understood it.

import { createHash, randomBytes } from 'node:crypto';

/** RFC 6455 §1.3. */
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export function newHandshake(): { readonly key: string; readonly accept: string } {
  const key = randomBytes(16).toString('base64');
  return { key, accept: createHash('sha1').update(key + WEBSOCKET_GUID).digest('base64') };
}
