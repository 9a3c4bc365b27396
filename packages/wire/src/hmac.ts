// HMAC-SHA-256 (RFC 2104) out of one-shot hashes, which whoever uses it gives in: an object of the platform for each text costs
// ten times as much. Pure; it knows no key for longer than it is used.

import type { Mac } from './seal.ts';

/** SHA-256 as the platform has it. Bytes are one character each. */
export interface Sha256 {
  /** 32 bytes. */
  readonly bytes: (text: string) => string;
  /** Base64url without padding. */
  readonly text: (text: string) => string;
  readonly fromBase64url: (text: string) => string;
}

interface Pads { readonly inner: string; readonly outer: string }

const BLOCK_BYTES = 64;
/** Two keys hold during a rotation; what is older is made again. */
const PADS_LIMIT = 4;

export function hmacSha256(sha256: Sha256): Mac {
  const known = new Map<string, Pads>();
  const padsOf = (secret: string): Pads => {
    let pads = known.get(secret);
    if (pads === undefined) {
      if (known.size >= PADS_LIMIT) known.clear();
      known.set(secret, pads = padded(sha256, secret));
    }
    return pads;
  };
  return (secret, text) => {
    const { inner, outer } = padsOf(secret);
    return sha256.text(outer + sha256.bytes(inner + text));
  };
}

function padded(sha256: Sha256, secret: string): Pads {
  const whole = sha256.fromBase64url(secret);
  const key = whole.length > BLOCK_BYTES ? sha256.bytes(whole) : whole;
  return { inner: masked(key, 0x36), outer: masked(key, 0x5c) };
}

function masked(key: string, mask: number): string {
  return String.fromCharCode(...Array.from({ length: BLOCK_BYTES }, (_, i) => (i < key.length ? key.charCodeAt(i) : 0) ^ mask));
}
