// The percentage hash of docs/routing.md: MurmurHash3 (Appleby, public domain; x86, 32 bit, seed 0) of `salt:key`, scaled to [0, 1,000,000).

const C1 = 0xcc9e2d51n;
const C2 = 0x1b873593n;
const MASK = 0xffffffffn;

/** On big integers, so that no sign or overflow can hide. */
export function murmur3(bytes: Uint8Array): bigint {
  let hash = 0n;
  const blocks = Math.floor(bytes.length / 4);
  for (let block = 0; block < blocks; block++) {
    let word = 0n;
    for (let byte = 3; byte >= 0; byte--) word = (word << 8n) | BigInt(bytes[block * 4 + byte] ?? 0);
    hash ^= scrambled(word);
    hash = rotated(hash, 13n);
    hash = (hash * 5n + 0xe6546b64n) & MASK;
  }
  let tail = 0n;
  for (let at = bytes.length - 1; at >= blocks * 4; at--) tail = (tail << 8n) | BigInt(bytes[at] ?? 0);
  hash ^= scrambled(tail);
  hash ^= BigInt(bytes.length);
  hash ^= hash >> 16n;
  hash = (hash * 0x85ebca6bn) & MASK;
  hash ^= hash >> 13n;
  hash = (hash * 0xc2b2ae35n) & MASK;
  return hash ^ (hash >> 16n);
}

/** `key` is bytes as latin1 text, as a header carries it. */
export function bucketOf(salt: string, key: string): number {
  const bytes = Buffer.concat([Buffer.from(`${salt}:`, 'utf8'), Buffer.from(key, 'latin1')]);
  return Number((murmur3(bytes) * 1_000_000n) >> 32n);
}

function scrambled(word: bigint): bigint {
  return (rotated((word * C1) & MASK, 15n) * C2) & MASK;
}

function rotated(word: bigint, by: bigint): bigint {
  return ((word << by) | (word >> (32n - by))) & MASK;
}
