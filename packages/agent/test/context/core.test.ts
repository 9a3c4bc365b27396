// What leaves a process because of a request carries that request's stamp to our own hosts and to nobody else, on every
// Node that the agent loads on.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { build } from '../../../../tools/build.ts';
import { builtApi, nodes } from './support/process.ts';

build();

const ann = ['[ann]'];
const none: string[] = [];

/** By case of apps/core.mjs, which says what each does: the lines of `baggage` that arrived. */
const expected: Readonly<Record<string, unknown>> = {
  'fetch': ann,
  'fetch with a body': ann,
  'fetch with a stream as its body': ann,
  'fetch to a foreign host': none,
  'fetch with members of others': ['[ann],a=1,b=2;p=x'],
  'fetch with a stamp of its own': ['[ann],a=1,b=2;p=x'],
  'fetch with a stamp to a foreign host': ['a=1,b=2;p=x'],
  'fetch with nothing but a stamp to a foreign host': none,
  'fetch that is redirected to a foreign host': [none, [ann]],
  'fetch that a foreign host redirects to us': [ann, [none]],
  'headers of propagate.headers': [['at-ann'], ['the app\'s'], none],
  'http.get of a URL': ann,
  'http.request of a URL object': ann,
  'http.request of options': ann,
  'http.request of a URL and options': ann,
  'http.request with a callback': ann,
  'http.request with headers as a list': ann,
  'http.request with headers as a list, baggage among them': ['[ann],a=1,b=2'],
  'http.request with headers as a list to a foreign host': ['a=1,b=2;p=x'],
  'http.request with headers as a list keeps them': [1, 'm', ['at-ann']],
  'http.request with Expect': ann,
  'http.request whose headers are set later': ann,
  'http.request with a list and Expect': ann,
  'http.request whose baggage is set later': ['[ann],a=1'],
  'http.request that is written to by nobody': ann,
  'http.request to a foreign host': ['a=1'],
  'http.request that names another host': ann,
  'http.request through a pool that is busy': [ann, ann, ann],
  'https.request': ann,
  'http2 with an object': ['[ann],a=1'],
  'http2 without headers': ann,
  'http2 with a body': ann,
  'http2 to a foreign host': ['a=1,b=2;p=x'],
  'http2 that names another host': ann,
  'after await and timers': ann,
  'in a listener': ann,
  'in a stream': ann,
  'the public API': ['lane-ann', { user: 'ann' }, { 'baggage': '[ann],a=1', 'other': 'x', 'x-location': 'at-ann' }],
  'run in no lane': none,
  'run with what was carried': ['lane-ann', ann, ['elsewhere']],
  'run with a forged stamp': [null, none],
  'a worker thread': [null, ['lane-ann', { user: 'ann' }, ann, none]],
  'a worker thread without a file': [null, ['lane-ann', { user: 'ann' }, ann, none]],
  'in the events of a body': ann,
  'in a body read by chunks': ann,
  'when the response has been sent': ann,
  'a request without a stamp': [none, none, null, {}, { a: '1' }, ['a=1']],
  'an upgraded connection': ann,
  'a stream of HTTP/2 that came in': [ann, ann],
  'somebody else adds baggage after us': [['[ann],a=1,b=2;p=x'], ['a=1,b=2;p=x']],
  // The stamp is there, and so is as much of the rest as the standard lets through.
  'limits of baggage': [64, true, true, true, true, false],
  'hosts with a port': [ann, none],
  'a strategy without hosts': [none, none],
  'faults': none,
};

for (const { major, node, skip } of nodes) {
  describe(`Node ${major}`, { skip }, () => {
    test('a stamp goes wherever its request goes inside our own services, and not beyond', async () => {
      const { stdout } = await promisify(execFile)(node, [new URL('apps/core.mjs', import.meta.url).pathname], { env: { ...process.env, NODE_OPTIONS: '', CONTEXT_API: builtApi() }, timeout: 60_000 });
      const outcomes = JSON.parse(stdout) as Record<string, unknown>;
      for (const [name, outcome] of Object.entries(expected)) assert.deepEqual(outcomes[name], outcome, name);
      assert.deepEqual(Object.keys(outcomes).filter((name) => !(name in expected)), [], 'each case has its expectation');
    });
  });
}
