// Messages: what a request publishes carries its stamp, and its consumer runs in the message's lane, not in that of whoever
// opened the connection. The short form of `npm run conformance:context`, which adds RabbitMQ and all versions of Node.

import { describe, test } from 'node:test';
import { build } from '../../tools/build.ts';
import { redisPresence, startRedis } from './broker.ts';
import { librariesMissing } from './install.ts';
import { startKafkaStub } from './kafka-stub.ts';
import { checkLibrary } from './libraries.ts';

build();

const missing = librariesMissing();
const redis = redisPresence();

describe('jobs of BullMQ through a real Redis', { skip: missing !== false ? missing : redis.kind === 'absent' ? redis.why : false }, () => {
  test('single jobs, many at once, and flows', async (t) => {
    const broker = await startRedis();
    t.after(async () => await broker.stop());
    await checkLibrary('bullmq', broker.url);
  });
});

describe('messages of kafkajs through a stub of the protocol, not a real Kafka', { skip: missing }, () => {
  test('producer, batch and consumer', async (t) => {
    const broker = await startKafkaStub();
    t.after(async () => await broker.stop());
    await checkLibrary('kafkajs', broker.url);
  });
});
