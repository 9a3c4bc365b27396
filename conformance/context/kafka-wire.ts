// The primitives of Kafka's wire protocol: big-endian numbers, texts and byte strings with their lengths, lists.

export class KafkaReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#take(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8));
  }

  /** '' for null. */
  text(): string {
    const length = Math.max(0, this.int16());
    const from = this.#take(length);
    return this.#bytes.toString('utf8', from, from + length);
  }

  data(): Buffer {
    const length = Math.max(0, this.int32());
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  list<Item>(item: () => Item): Item[] {
    return Array.from({ length: Math.max(0, this.int32()) }, item);
  }

  #take(bytes: number): number {
    const from = this.#at;
    this.#at += bytes;
    return from;
  }
}

export class KafkaWriter {
  readonly #parts: Buffer[] = [];

  int16(value: number): this {
    const part = Buffer.alloc(2);
    part.writeInt16BE(value);
    return this.raw(part);
  }

  int32(value: number): this {
    const part = Buffer.alloc(4);
    part.writeInt32BE(value);
    return this.raw(part);
  }

  int64(value: bigint): this {
    const part = Buffer.alloc(8);
    part.writeBigInt64BE(value);
    return this.raw(part);
  }

  text(value: string): this {
    const part = Buffer.from(value);
    return this.int16(part.length).raw(part);
  }

  data(value: Buffer): this {
    return this.int32(value.length).raw(value);
  }

  list<Item>(items: readonly Item[], write: (item: Item) => unknown): this {
    this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }

  raw(part: Buffer): this {
    this.#parts.push(part);
    return this;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}
