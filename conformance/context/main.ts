// `npm run conformance:context`: contexts under load and through real brokers, on every Node of the matrix. ROUNDS says how
// many requests each of the 200 users makes.

import { execFileSync } from 'node:child_process';
import { build } from '../../tools/build.ts';
import { nodes } from '../../packages/agent/test/context/support/process.ts';
import { rabbitPresence, redisPresence, startRabbit, startRedis, type Broker } from './broker.ts';
import { librariesMissing } from './install.ts';
import { startKafkaStub } from './kafka-stub.ts';
import { checkLibrary, type Library } from './libraries.ts';

const ROUNDS = process.env['ROUNDS'] ?? '20';

interface Outcome {
  readonly requests: number;
  readonly without: number;
  readonly wrongs: number;
  readonly faults: readonly string[];
  readonly failed: string | null;
}

build();
const missing = librariesMissing();
const apps = new URL('../../packages/agent/test/context/apps/', import.meta.url);

function isolation(node: string, env: Readonly<Record<string, string>>): Outcome {
  const stdout = execFileSync(node, [new URL('isolation.mjs', apps).pathname], {
    env: { ...process.env, NODE_OPTIONS: '', USERS: '200', ROUNDS, SEED: String(Date.now() % 1_000_000), ...env },
    encoding: 'utf8',
    timeout: 1_200_000,
  });
  return JSON.parse(stdout) as Outcome;
}

function say(what: string, bad: boolean): void {
  console.log(`${bad ? 'FAILED ' : ''}${what}`);
  if (bad) process.exitCode = 1;
}

for (const { major, node, skip } of nodes) {
  if (skip !== false) {
    console.log(skip);
    continue;
  }
  // The newest undici does not load on Node 20.
  const { requests, without, wrongs, faults, failed } = isolation(node, missing === false && major !== '20' ? { LIBRARIES: import.meta.filename } : {});
  say(`Node ${major}: ${requests} requests of 200 users, ${wrongs} with another's stamp, ${without} without their own, ${faults.length} faults${failed === null ? '' : `, ${failed}`}`, wrongs + without + faults.length > 0 || failed !== null);
}
const naive = isolation(process.execPath, { CONTEXT_FILE: new URL('naive.cjs', apps).pathname });
say(`a bare AsyncLocalStorage: ${naive.requests} requests, ${naive.wrongs} with another's stamp`, naive.wrongs === 0);

async function through(library: Library, title: string, start: () => Promise<Broker>): Promise<void> {
  const broker = await start();
  try {
    for (const { major, node, skip } of nodes) {
      if (skip !== false) continue;
      // Node 20 cannot show us the ES modules that it loads.
      await checkLibrary(library, broker.url, { node, build: major === '20' ? 'cjs' : 'esm' }).then(
        () => say(`Node ${major}: ${title}`, false),
        (fault: unknown) => say(`Node ${major}: ${title}: ${fault instanceof Error ? fault.message : String(fault)}`, true),
      );
    }
  } finally {
    await broker.stop();
  }
}

if (missing === false) {
  const [redis, rabbit] = [redisPresence(), rabbitPresence()];
  if (redis.kind === 'present') await through('bullmq', 'jobs of BullMQ through Redis', startRedis);
  else console.log(redis.why);
  if (rabbit.kind === 'present') await through('amqplib', 'messages of amqplib through RabbitMQ', startRabbit);
  else console.log(rabbit.why);
  await through('kafkajs', 'messages of kafkajs through a stub of the protocol', startKafkaStub);
} else {
  console.log(missing);
}
