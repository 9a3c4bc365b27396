// What deciding leaves behind: nothing of the request, nor of its connection.

import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parts } from '../../../conformance/agent/parts.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Holds it no longer than this call. */
function decided(): WeakRef<Socket> {
  const { strategy } = shared;
  const socket = new Socket();
  assert.notEqual(strategy.decide({ method: 'GET', url: '/', rawHeaders: [], socket }), null);
  return new WeakRef(socket);
}

const shared = parts(0, true);

test('a decision keeps no connection until the next one', async () => {
  const socket = decided();
  await turn();
  collect();
  assert.equal(socket.deref(), undefined);
});
