// Sets of value classes of one field, as bits; immutable.

export class ClassSet {
  readonly words: Uint32Array;
  readonly size: number;
  /** The only member, or -1. */
  readonly single: number;

  private constructor(words: Uint32Array) {
    this.words = words;
    let size = 0;
    let last = -1;
    for (let i = 0; i < words.length; i++) {
      const word = words[i] ?? 0;
      if (word === 0) continue;
      size += bitCount(word);
      last = i * 32 + 31 - Math.clz32(word);
    }
    this.size = size;
    this.single = size === 1 ? last : -1;
  }

  static where(count: number, has: (member: number) => boolean): ClassSet {
    const words = new Uint32Array(Math.ceil(count / 32));
    for (let i = 0; i < count; i++) if (has(i)) words[i >>> 5] = (words[i >>> 5] ?? 0) | 1 << (i & 31);
    return new ClassSet(words);
  }

  static of(count: number, members: readonly number[]): ClassSet {
    const words = new Uint32Array(Math.ceil(count / 32));
    for (const i of members) words[i >>> 5] = (words[i >>> 5] ?? 0) | 1 << (i & 31);
    return new ClassSet(words);
  }

  has(member: number): boolean {
    return ((this.words[member >>> 5] ?? 0) >>> (member & 31) & 1) === 1;
  }

  /** The smallest member, or -1. */
  first(): number {
    for (let i = 0; i < this.words.length; i++) {
      const word = this.words[i] ?? 0;
      if (word !== 0) return i * 32 + 31 - Math.clz32(word & -word);
    }
    return -1;
  }

  members(): readonly number[] {
    const members: number[] = [];
    this.words.forEach((word, i) => {
      for (let bits = word; bits !== 0; bits &= bits - 1) members.push(i * 32 + 31 - Math.clz32(bits & -bits));
    });
    return members;
  }

  meets(other: ClassSet): boolean {
    if (this.single >= 0) return other.has(this.single);
    if (other.single >= 0) return this.has(other.single);
    for (let i = 0; i < this.words.length; i++) if (((this.words[i] ?? 0) & (other.words[i] ?? 0)) !== 0) return true;
    return false;
  }

  isWithin(other: ClassSet): boolean {
    if (this.single >= 0) return other.has(this.single);
    for (let i = 0; i < this.words.length; i++) if (((this.words[i] ?? 0) & ~(other.words[i] ?? 0)) !== 0) return false;
    return true;
  }

  and(other: ClassSet): ClassSet {
    return new ClassSet(this.words.map((word, i) => word & (other.words[i] ?? 0)));
  }

  /** What is in none of `others`. */
  minus(...others: readonly ClassSet[]): ClassSet {
    const words = this.words.slice();
    for (const { words: taken, single } of others) {
      if (single >= 0) words[single >>> 5] = (words[single >>> 5] ?? 0) & ~(1 << (single & 31));
      else for (let i = 0; i < words.length; i++) words[i] = (words[i] ?? 0) & ~(taken[i] ?? 0);
    }
    return new ClassSet(words);
  }
}

function bitCount(word: number): number {
  let bits = word - (word >>> 1 & 0x55555555);
  bits = (bits & 0x33333333) + (bits >>> 2 & 0x33333333);
  return Math.imul(bits + (bits >>> 4) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
