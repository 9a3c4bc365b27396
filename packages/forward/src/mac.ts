// HMAC-SHA-256 (RFC 2104) of the short texts that stamps and overrides are sealed with, out of Node's one-shot hashes: an object of
// the platform for each text costs ten times as much. It must not know what is sealed, nor where keys come from.

import { hash } from 'node:crypto';
import type { Mac } from '@graylane/wire';

interface Pads { readonly inner: string; readonly outer: string }

const BLOCK_BYTES = 64;
/** Two keys hold during a rotation; what is older is made again. */
const PADS_LIMIT = 4;
const INNER_MASK = 0x36;
const OUTER_MASK = 0x5c;

/** Secrets are base64url without padding; of a text each character is one byte. */
export const mac: Mac = withKeptPads();

function withKeptPads(): Mac {
  const known = new Map<string, Pads>();
  return (secret, text) => {
    let pads = known.get(secret);
    if (pads === undefined) {
      if (known.size >= PADS_LIMIT) known.clear();
      known.set(secret, pads = padded(secret));
    }
    return sha256(pads.outer + sha256(pads.inner + text, 'binary'), 'base64url');
  };
}

function padded(secret: string): Pads {
  const whole = Buffer.from(secret, 'base64url').toString('latin1');
  const key = whole.length > BLOCK_BYTES ? sha256(whole, 'binary') : whole;
  return { inner: masked(key, INNER_MASK), outer: masked(key, OUTER_MASK) };
}

function masked(key: string, mask: number): string {
  return String.fromCharCode(...Array.from({ length: BLOCK_BYTES }, (_, i) => (i < key.length ? key.charCodeAt(i) : 0) ^ mask));
}

function sha256(text: string, encoding: 'binary' | 'base64url'): string {
  return hash('sha256', Buffer.from(text, 'latin1'), encoding);
}
