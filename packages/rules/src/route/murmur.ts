// MurmurHash3 x86 32 (Austin Appleby, public domain), over strings whose characters are bytes, without copying them.

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

/** A hash begun with the bytes that all keys of one salt share. */
export interface HashPrefix {
  readonly hash: number;
  /** Bytes that do not fill a block yet, the first one lowest. */
  readonly block: number;
  readonly bits: number;
  readonly length: number;
}

const EMPTY: HashPrefix = { hash: 0, block: 0, bits: 0, length: 0 };

/** A place for a text in a table: any hash would do, and this one is there. */
export function hashText(text: string): number {
  return murmur(EMPTY, text);
}

export function hashPrefix(bytes: string): HashPrefix {
  let { hash, block, bits } = EMPTY;
  for (let i = 0; i < bytes.length; i++) {
    block |= bytes.charCodeAt(i) << bits;
    bits += 8;
    if (bits === 32) {
      hash = mixBlock(hash, block);
      block = 0;
      bits = 0;
    }
  }
  return { hash, block, bits, length: bytes.length };
}

/** The hash of `prefix` followed by `key` (one byte per character), seed 0, as an unsigned 32-bit number. */
export function murmur(prefix: HashPrefix, key: string): number {
  let { hash, block, bits } = prefix;
  const { length } = key;
  for (let i = 0; i < length; i++) {
    block |= key.charCodeAt(i) << bits;
    bits += 8;
    if (bits === 32) {
      hash = mixBlock(hash, block);
      block = 0;
      bits = 0;
    }
  }
  if (bits > 0) hash ^= scramble(block);
  return finish(hash ^ prefix.length + length);
}

function scramble(block: number): number {
  const mixed = Math.imul(block, C1);
  return Math.imul(mixed << 15 | mixed >>> 17, C2);
}

function mixBlock(hash: number, block: number): number {
  const mixed = hash ^ scramble(block);
  return Math.imul(mixed << 13 | mixed >>> 19, 5) + 0xe6546b64 | 0;
}

function finish(hash: number): number {
  let mixed = hash ^ hash >>> 16;
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ mixed >>> 16) >>> 0;
}
