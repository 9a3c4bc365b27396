// MurmurHash3 x86 32 (Austin Appleby, public domain), over strings whose characters are bytes, without copying them.

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

/** The hash of `head` followed by `tail`, seed 0, as an unsigned 32-bit number. Both hold one byte per character. */
export function murmur(head: string, tail: string): number {
  const split = head.length;
  const length = split + tail.length;
  let hash = 0;
  let block = 0;
  let shift = 0;
  for (let i = 0; i < split; i++) {
    block |= head.charCodeAt(i) << shift;
    shift += 8;
    if (shift === 32) {
      hash = mixBlock(hash, block);
      block = 0;
      shift = 0;
    }
  }
  for (let i = 0; i < length - split; i++) {
    block |= tail.charCodeAt(i) << shift;
    shift += 8;
    if (shift === 32) {
      hash = mixBlock(hash, block);
      block = 0;
      shift = 0;
    }
  }
  if (shift > 0) hash ^= scramble(block);
  return finish(hash ^ length);
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
