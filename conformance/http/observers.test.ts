// Who watches the answers of a process reads on those of another version what their client reads.

import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ServerResponse } from 'node:http';
import { onHops } from './kit/hops.ts';
import { exchange } from './kit/raw-client.ts';

const FINISHED = 'http.server.response.finish';

onHops('an answer of another version shows its status and its phrase', {
  planes: ['transparent'],
  answer: (socket) => {
    socket.write('HTTP/1.1 404 Nothing Here\r\nContent-Length: 0\r\n\r\n');
  },
}, async ({ port }, t) => {
  const seen: [number, string][] = [];
  const onFinish = (message: unknown): void => {
    const { statusCode, statusMessage } = (message as { readonly response: ServerResponse }).response;
    seen.push([statusCode, statusMessage]);
  };
  subscribe(FINISHED, onFinish);
  t.after(() => unsubscribe(FINISHED, onFinish));
  await exchange(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  assert.deepEqual(seen, [[404, 'Nothing Here']]);
});
