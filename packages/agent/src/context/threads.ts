// What worker threads are told of the plane: at birth what they need for one of their own, later each new list of hosts.
// A thread has no keys and no control socket.

import { BroadcastChannel, setEnvironmentData } from 'node:worker_threads';
import { parseBaggage, readTags } from '@graylane/wire';
import type { Context } from './context.ts';
import { SHARED_NAME, type ThreadData } from './shared.ts';

let channel: BroadcastChannel | null = null;

export function tellThreads(data: ThreadData): void {
  setEnvironmentData(SHARED_NAME, { ...data });
  open().postMessage({ ...data });
}

/** Calls `listener` with what the main thread tells. */
export function heard(listener: (data: ThreadData) => void): void {
  open().onmessage = (event: unknown): void => {
    const data: unknown = typeof event === 'object' && event !== null ? Reflect.get(event, 'data') : null;
    if (isThreadData(data)) listener(data);
  };
}

/** It must not keep the process, or the thread, alive. */
function open(): BroadcastChannel {
  if (channel === null) {
    channel = new BroadcastChannel(SHARED_NAME);
    channel.unref();
  }
  return channel;
}

function isThreadData(value: unknown): value is ThreadData {
  return typeof value === 'object' && value !== null
    && 'file' in value && typeof value.file === 'string'
    && 'hosts' in value && Array.isArray(value.hosts)
    && 'carried' in value && Array.isArray(value.carried);
}

/** Reads a stamp without checking its seal. */
export function adoptUnchecked(baggage: string): Context | null {
  const { own, repeated } = parseBaggage(baggage);
  const [lane, generation, tags] = [own.get('lane'), own.get('gen'), own.get('tags')];
  if (repeated || lane === undefined || generation === undefined || own.get('sig') === undefined) return null;
  const members = baggage.split(',').map((member) => member.trim()).filter((member) => member.startsWith('graylane.'));
  return { lane: lane === '' ? null : lane, generation: Number(generation), tags: Object.fromEntries(readTags(tags ?? '')), baggage: members.join(','), headers: [] };
}
