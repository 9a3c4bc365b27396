// A stub of Kafka's protocol for one topic with one partition and one consumer group of one member: enough for kafkajs to
// publish and to consume, so that its messages can be looked at. It is no Kafka: nothing is replicated, kept or balanced.

import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import type { Broker } from './broker.ts';
import { KafkaReader, KafkaWriter } from './kafka-wire.ts';

/** The one version of each request that is answered here: the oldest that knows headers of messages. */
const VERSIONS: ReadonlyMap<number, number> = new Map([[0, 3], [1, 4], [2, 1], [3, 0], [8, 2], [9, 1], [10, 0], [11, 0], [12, 0], [13, 0], [14, 0], [18, 0]]);

const NO_ERROR = 0;
const MEMBER = 'member';
const EARLIEST = -2n;
/** Place of `lastOffsetDelta` in a batch of records (format 2). */
const LAST_OFFSET_DELTA = 23;
const BATCH_HEAD_BYTES = 61;

interface Batch {
  readonly first: bigint;
  readonly last: bigint;
  readonly bytes: Buffer;
}

export async function startKafkaStub(): Promise<Broker> {
  const broker = new KafkaStub();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    serve(socket, broker);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  broker.port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `127.0.0.1:${broker.port}`,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function serve(socket: Socket, broker: KafkaStub): void {
  let buffered = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    while (buffered.length >= 4 && buffered.length >= 4 + buffered.readInt32BE()) {
      const size = buffered.readInt32BE();
      const request = new KafkaReader(buffered.subarray(4, 4 + size));
      buffered = buffered.subarray(4 + size);
      const [key, , correlation] = [request.int16(), request.int16(), request.int32()];
      request.text();
      const { body, delayMs } = broker.answer(key, request);
      const send = (): void => {
        if (socket.writable) socket.write(new KafkaWriter().int32(body.length + 4).int32(correlation).raw(body).bytes());
      };
      if (delayMs === 0) send();
      else setTimeout(send, delayMs).unref();
    }
  });
}

interface Answer {
  readonly body: Buffer;
  readonly delayMs: number;
}

class KafkaStub {
  port = 0;
  readonly #batches: Batch[] = [];
  #next = 0n;
  #assignment: Buffer = Buffer.alloc(0);

  answer(key: number, request: KafkaReader): Answer {
    const writer = new KafkaWriter();
    const delayMs = key === 1 ? this.#fetch(request, writer) : 0;
    if (key !== 1) this.#write(key, request, writer);
    return { body: writer.bytes(), delayMs };
  }

  #write(key: number, request: KafkaReader, to: KafkaWriter): KafkaWriter {
    switch (key) {
      case 0: return this.#produce(request, to);
      case 2: return this.#offsets(request, to);
      case 3: return this.#metadata(request, to);
      case 8: return commit(request, to);
      case 9: return committed(request, to);
      case 10: return to.int16(NO_ERROR).int32(0).text('127.0.0.1').int32(this.port);
      case 11: return join(request, to);
      case 12: case 13: return to.int16(NO_ERROR);
      case 14: return this.#sync(request, to);
      case 18: return to.int16(NO_ERROR).list([...VERSIONS], ([api, version]) => to.int16(api).int16(version).int16(version));
      default: throw new RangeError(`the stub of Kafka knows no request ${key}`);
    }
  }

  #metadata(request: KafkaReader, to: KafkaWriter): KafkaWriter {
    const topics = request.list(() => request.text());
    to.list([0], (node) => to.int32(node).text('127.0.0.1').int32(this.port));
    return to.list(topics, (topic) => to.int16(NO_ERROR).text(topic).list([0], (partition) => {
      to.int16(NO_ERROR).int32(partition).int32(0).list([0], (node) => to.int32(node)).list([0], (node) => to.int32(node));
    }));
  }

  #produce(request: KafkaReader, to: KafkaWriter): KafkaWriter {
    request.text();
    request.int16();
    request.int32();
    const topics = request.list(() => ({ topic: request.text(), partitions: request.list(() => ({ partition: request.int32(), base: this.#append(request.data()) })) }));
    return to.list(topics, ({ topic, partitions }) => {
      to.text(topic).list(partitions, ({ partition, base }) => to.int32(partition).int16(NO_ERROR).int64(base).int64(-1n));
    }).int32(0);
  }

  /** The checksum of a batch leaves out where it begins, so that it can be given its place here. */
  #append(records: Buffer): bigint {
    const first = this.#next;
    if (records.length < BATCH_HEAD_BYTES) return first;
    const bytes = Buffer.from(records);
    bytes.writeBigInt64BE(first, 0);
    this.#next += BigInt(bytes.readInt32BE(LAST_OFFSET_DELTA)) + 1n;
    this.#batches.push({ first, last: this.#next - 1n, bytes });
    return first;
  }

  #offsets(request: KafkaReader, to: KafkaWriter): KafkaWriter {
    request.int32();
    const topics = request.list(() => ({ topic: request.text(), partitions: request.list(() => ({ partition: request.int32(), time: request.int64() })) }));
    return to.list(topics, ({ topic, partitions }) => {
      to.text(topic).list(partitions, ({ partition, time }) => to.int32(partition).int16(NO_ERROR).int64(-1n).int64(time === EARLIEST ? 0n : this.#next));
    });
  }

  #sync(request: KafkaReader, to: KafkaWriter): KafkaWriter {
    request.text();
    request.int32();
    request.text();
    const [given] = request.list(() => ({ member: request.text(), assignment: request.data() }));
    if (given !== undefined) this.#assignment = given.assignment;
    return to.int16(NO_ERROR).data(this.#assignment);
  }

  /** Returns how long the answer waits; there is nothing to wait for but more messages. */
  #fetch(request: KafkaReader, to: KafkaWriter): number {
    request.int32();
    const waitMs = request.int32();
    request.int32();
    request.int32();
    request.int8();
    const topics = request.list(() => ({ topic: request.text(), partitions: request.list(() => ({ partition: request.int32(), records: this.#from(request.int64()), limit: request.int32() })) }));
    to.int32(0).list(topics, ({ topic, partitions }) => {
      to.text(topic).list(partitions, ({ partition, records }) => {
        to.int32(partition).int16(NO_ERROR).int64(this.#next).int64(this.#next).int32(0).data(records);
      });
    });
    return topics.some(({ partitions }) => partitions.some(({ records }) => records.length > 0)) ? 0 : waitMs;
  }

  #from(offset: bigint): Buffer {
    return Buffer.concat(this.#batches.filter(({ last }) => last >= offset).map(({ bytes }) => bytes));
  }
}

function join(request: KafkaReader, to: KafkaWriter): KafkaWriter {
  request.text();
  request.int32();
  request.text();
  request.text();
  const [protocol] = request.list(() => ({ name: request.text(), metadata: request.data() }));
  to.int16(NO_ERROR).int32(1).text(protocol?.name ?? '').text(MEMBER).text(MEMBER);
  return to.list([MEMBER], (member) => to.text(member).data(protocol?.metadata ?? Buffer.alloc(0)));
}

function commit(request: KafkaReader, to: KafkaWriter): KafkaWriter {
  request.text();
  request.int32();
  request.text();
  request.int64();
  const topics = request.list(() => ({ topic: request.text(), partitions: request.list(() => ({ partition: request.int32(), offset: request.int64(), metadata: request.text() })) }));
  return to.list(topics, ({ topic, partitions }) => to.text(topic).list(partitions, ({ partition }) => to.int32(partition).int16(NO_ERROR)));
}

function committed(request: KafkaReader, to: KafkaWriter): KafkaWriter {
  request.text();
  const topics = request.list(() => ({ topic: request.text(), partitions: request.list(() => request.int32()) }));
  return to.list(topics, ({ topic, partitions }) => to.text(topic).list(partitions, (partition) => to.int32(partition).int64(-1n).text('').int16(NO_ERROR)));
}
