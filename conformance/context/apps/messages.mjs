// One message library between a request and a consumer: publishes as two users and as nobody, consumes out of one
// connection, and prints what each consumer's own request carried. LIBRARY and URL say which and where.
import http from 'node:http';
import { once } from 'node:events';
import { ask, contextOf, end, faults, handlers, mirror } from '../../../packages/agent/test/context/apps/rig.mjs';

const server = http.createServer();
const own = `http://localhost:${await mirror(server)}`;
const sent = async () => (await (await fetch(own)).json());

/** Messages that were consumed, by what they say. */
const consumed = {};
let arrived = () => undefined;
/** What a consumer does in its message's lane: something later, and a request. */
async function consume(text) {
  await new Promise((resolve) => setTimeout(resolve, 1));
  const { baggage, location } = await sent();
  consumed[text] = [...baggage, ...location];
  arrived();
}

const LONG_ENOUGH_MS = 20_000;

const libraries = {
  async amqplib() {
    const { default: amqp } = await import('amqplib');
    const connection = await amqp.connect(process.env.URL);
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.assertExchange('graylane-test', 'fanout', { durable: false });
    await channel.bindQueue(queue, 'graylane-test', '');
    await channel.consume(queue, (message) => void consume(`${message.content}${message.properties.headers.other ?? ''}`), { noAck: true });
    return {
      publish: async (text) => {
        const options = Object.freeze({ headers: Object.freeze({ other: '!', baggage: 'a=1' }) });
        channel.publish('graylane-test', '', Buffer.from(text), options);
        channel.sendToQueue(queue, Buffer.from(`${text}, plain`));
        await channel.waitForConfirms();
      },
      expects: 2,
      close: () => connection.close(),
    };
  },
  async bullmq() {
    const { Queue, Worker, FlowProducer } = process.env.BUILD === 'cjs' ? (await import('node:module')).createRequire(import.meta.url)('bullmq') : await import('bullmq');
    const connection = { url: process.env.URL, maxRetriesPerRequest: null };
    const queue = new Queue('graylane-test', { connection });
    const flows = new FlowProducer({ connection });
    const worker = new Worker('graylane-test', (job) => consume(job.data.text), { connection, concurrency: 4 });
    await worker.waitUntilReady();
    return {
      publish: async (text) => {
        await queue.add('one', { text }, { telemetry: { metadata: JSON.stringify({ traceparent: 't', baggage: 'a=1' }) } });
        await queue.addBulk([{ name: 'bulk', data: { text: `${text}, bulk` } }]);
        await flows.add({ name: 'parent', queueName: 'graylane-test', data: { text: `${text}, parent` }, children: [{ name: 'child', queueName: 'graylane-test', data: { text: `${text}, child` } }] });
      },
      expects: 4,
      close: async () => { await worker.close(true); await flows.close(); await queue.close(); },
    };
  },
  async kafkajs() {
    const { default: { Kafka, logLevel, Partitioners } } = await import('kafkajs');
    const kafka = new Kafka({ clientId: 'graylane-test', brokers: [process.env.URL], logLevel: logLevel.NOTHING, retry: { retries: 1 } });
    const producer = kafka.producer({ createPartitioner: Partitioners.LegacyPartitioner });
    const consumer = kafka.consumer({ groupId: 'graylane-test', maxWaitTimeInMs: 20 });
    await Promise.all([producer.connect(), consumer.connect()]);
    await consumer.subscribe({ topic: 'graylane-test', fromBeginning: true });
    await consumer.run({ eachMessage: ({ message }) => consume(String(message.value)) });
    return {
      publish: async (text) => {
        await producer.send({ topic: 'graylane-test', messages: [{ value: text, headers: { baggage: 'a=1' } }] });
        await producer.sendBatch({ topicMessages: [{ topic: 'graylane-test', messages: [{ value: `${text}, batch` }] }] });
      },
      expects: 2,
      close: async () => { await producer.disconnect(); await consumer.disconnect(); },
    };
  },
};

// The connection is opened by a user's request: it must not become that user's.
let library;
handlers.set('/open', async () => { library = await libraries[process.env.LIBRARY](); });
const failed = await ask('/open', 'opener');
if (failed?.failed) throw new Error(failed.failed);
handlers.set('/publish', async (request) => library.publish(String(request.headers['x-user'] ?? 'nobody')));
const wanted = 3 * library.expects;
const all = new Promise((resolve, reject) => {
  const timer = setTimeout(() => reject(new Error(`${Object.keys(consumed).length} of ${wanted} messages came`)), LONG_ENOUGH_MS);
  arrived = () => { if (Object.keys(consumed).length === wanted) { clearTimeout(timer); resolve(); } };
});
for (const user of ['ann', 'bob', null]) {
  const answer = await ask('/publish', user);
  if (answer?.failed) throw new Error(answer.failed);
}
await all;

const sorted = Object.fromEntries(Object.entries(consumed).sort(([a], [b]) => (a < b ? -1 : 1)));
console.log(JSON.stringify({ ...sorted, faults }).replaceAll(/graylane\.lane=lane-(\w+),graylane\.gen=7,graylane\.tags=user=\w+,graylane\.sig=seal/g, '[$1]'));
await library.close().catch(() => undefined);
end();
process.exit();
