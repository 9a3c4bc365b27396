// The HTTP and gRPC clients that apps use, from npm: a stamp goes with their requests to our own hosts and to no others.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { build } from '../../tools/build.ts';
import { librariesMissing } from './install.ts';

build();

const everywhere = { own: ['[ann]'], merged: ['[ann],a=1'], foreign: ['a=1'], redirected: [[], [['[ann]']]] };
const ownHost = { own: ['[ann]'], merged: ['[ann],a=1'] };

const expected: Readonly<Record<string, unknown>> = {
  'axios': everywhere,
  'axios on fetch': everywhere,
  'got': everywhere,
  'node-fetch': everywhere,
  'superagent': everywhere,
  'undici fetch': everywhere,
  'undici request': everywhere,
  'undici pool': ownHost,
  'grpc': ['[ann],a=1', 'a=1'],
  'grpc of twenty users': true,
  'faults': [],
};

test('client libraries carry the stamp of the request that they are used in', { skip: librariesMissing() }, async (t) => {
  const app = new URL('apps/clients.mjs', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [app], { timeout: 60_000 });
  const outcomes = JSON.parse(stdout) as Record<string, unknown>;
  for (const [name, outcome] of Object.entries(expected)) await t.test(name, () => assert.deepEqual(outcomes[name], outcome));
});
