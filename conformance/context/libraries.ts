// What each message library has to show: by message, what the consumer's own request carried.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export type Library = 'amqplib' | 'bullmq' | 'kafkajs';

const suffixes: Readonly<Record<Library, readonly string[]>> = {
  // The first is sent with headers of the app's own, which come along.
  amqplib: ['!', ', plain'],
  bullmq: ['', ', bulk', ', parent', ', child'],
  kafkajs: ['', ', batch'],
};

function expected(library: Library): Readonly<Record<string, unknown>> {
  const users = ['ann', 'bob', 'nobody'].flatMap((user) => suffixes[library].map((suffix) => [`${user}${suffix}`, user === 'nobody' ? [] : [`[${user}]`, `at-${user}`]] as const));
  return { ...Object.fromEntries(users), faults: [] };
}

/** Runs apps/messages.mjs under `node` and compares; `build` is which of a library's builds the app loads. */
export async function checkLibrary(library: Library, url: string, options: { readonly node?: string; readonly build?: 'esm' | 'cjs' } = {}): Promise<void> {
  const { node = process.execPath, build = 'esm' } = options;
  const app = new URL('apps/messages.mjs', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(node, [app], { env: { ...process.env, NODE_OPTIONS: '', LIBRARY: library, URL: url, BUILD: build }, timeout: 60_000 });
  assert.deepEqual(JSON.parse(stdout), expected(library));
}
