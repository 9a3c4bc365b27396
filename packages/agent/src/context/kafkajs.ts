// Messages of kafkajs: the client hands out its producers and consumers as plain objects, which are wrapped on the way out.

import { setOwn } from '../internals.ts';
import { fieldOf, prototypeOf, recordOf } from './amqplib.ts';
import { isMethod } from './bound.ts';
import type { Patch } from './loaded-modules.ts';
import type { Messages } from './messages.ts';

export function kafkajs(messages: Messages): Patch {
  return {
    file: 'kafkajs/src/index.js',
    apply(exports) {
      const client = prototypeOf(exports);
      if (client === null) return;
      wrap(client, 'producer', (producer) => stampSent(producer, messages));
      wrap(client, 'consumer', (consumer) => enterConsumers(consumer, messages));
    },
  };
}

function wrap(holder: object, name: string, change: (made: object) => void): void {
  const make: unknown = Reflect.get(holder, name);
  if (!isMethod(make)) return;
  setOwn(holder, name, function (this: object, ...args: unknown[]): unknown {
    const made = make.apply(this, args);
    if (typeof made === 'object' && made !== null) change(made);
    return made;
  });
}

/** A transaction sends like a producer. */
function stampSent(producer: object, messages: Messages): void {
  replace(producer, 'send', ([options, ...rest]) => [withMessages(options, messages), ...rest]);
  replace(producer, 'sendBatch', ([options, ...rest]) => [withTopics(options, messages), ...rest]);
  const begin: unknown = Reflect.get(producer, 'transaction');
  if (!isMethod(begin)) return;
  Reflect.set(producer, 'transaction', async (...args: unknown[]): Promise<unknown> => {
    const transaction = await begin.apply(producer, args);
    if (typeof transaction === 'object' && transaction !== null) stampSent(transaction, messages);
    return transaction;
  });
}

/** `eachBatch` gets messages of many requests: there the app says with `run` whose turn it is. */
function enterConsumers(consumer: object, messages: Messages): void {
  replace(consumer, 'run', ([options, ...rest]) => {
    const each = fieldOf(options, 'eachMessage');
    if (!isMethod(each)) return [options, ...rest];
    const eachMessage = function (this: object, ...args: unknown[]): unknown {
      const headers = fieldOf(fieldOf(args[0], 'message'), 'headers');
      return messages.consume((name) => fieldOf(headers, name), each, this, args);
    };
    return [{ ...recordOf(options), eachMessage }, ...rest];
  });
}

function replace(holder: object, name: string, change: (args: unknown[]) => unknown[]): void {
  const method: unknown = Reflect.get(holder, name);
  if (isMethod(method)) Reflect.set(holder, name, (...args: unknown[]) => method.apply(holder, change(args)));
}

function withTopics(options: unknown, messages: Messages): unknown {
  const topics = fieldOf(options, 'topicMessages');
  return Array.isArray(topics) ? { ...recordOf(options), topicMessages: topics.map((topic: unknown) => withMessages(topic, messages)) } : options;
}

function withMessages(options: unknown, messages: Messages): unknown {
  const list = fieldOf(options, 'messages');
  return Array.isArray(list) ? { ...recordOf(options), messages: list.map((message: unknown) => withHeaders(message, messages)) } : options;
}

function withHeaders(message: unknown, messages: Messages): unknown {
  const headers = fieldOf(message, 'headers');
  const added = messages.stamped((name) => fieldOf(headers, name));
  return added === null ? message : { ...recordOf(message), headers: { ...recordOf(headers), ...added } };
}
