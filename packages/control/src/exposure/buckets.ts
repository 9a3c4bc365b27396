// A set of users as buckets: a million bits at most, exact to merge, and nobody's identity. It must not know what the set is of.

/** As many as routing can tell apart (docs/routing.md, Selection). */
const BUCKETS = 1_000_000;
/** Bits are kept in pages, so that five percent of the users cost five percent of the memory at most. */
const PAGE_BYTES = 1_000;

export class BucketSet {
  readonly #pages = new Map<number, Uint8Array>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(bucket: number): boolean {
    const page = this.#pages.get(pageOf(bucket));
    return page !== undefined && ((page[byteOf(bucket)] ?? 0) & maskOf(bucket)) !== 0;
  }

  /** True when it was not there. What is no bucket is left out. */
  add(bucket: number): boolean {
    if (!Number.isInteger(bucket) || bucket < 0 || bucket >= BUCKETS || this.has(bucket)) return false;
    let page = this.#pages.get(pageOf(bucket));
    if (page === undefined) {
      page = new Uint8Array(PAGE_BYTES);
      this.#pages.set(pageOf(bucket), page);
    }
    page[byteOf(bucket)] = (page[byteOf(bucket)] ?? 0) | maskOf(bucket);
    this.#size += 1;
    return true;
  }

  /** Pages by number, for the store. */
  toJSON(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#pages].map(([number, page]) => [String(number), Buffer.from(page).toString('base64')]));
  }

  static from(pages: Readonly<Record<string, string>>): BucketSet {
    const set = new BucketSet();
    for (const [number, text] of Object.entries(pages)) {
      const page = new Uint8Array(PAGE_BYTES);
      page.set(Buffer.from(text, 'base64').subarray(0, PAGE_BYTES));
      set.#pages.set(Number(number), page);
      for (const byte of page) set.#size += bitsOf(byte);
    }
    return set;
  }
}

function pageOf(bucket: number): number {
  return Math.floor(bucket / (PAGE_BYTES * 8));
}

function byteOf(bucket: number): number {
  return (bucket % (PAGE_BYTES * 8)) >> 3;
}

function maskOf(bucket: number): number {
  return 1 << (bucket & 7);
}

function bitsOf(byte: number): number {
  let bits = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) bits += 1;
  return bits;
}
