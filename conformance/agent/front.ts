// The second process of a test: holds the public socket of one of its servers, as a stable worker does, and forwards every
// request to the test's process. No part of the product.

import * as http from 'node:http';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import { AppServer } from '../../packages/agent/src/app-server.ts';
import { guardEvents } from '../../packages/agent/src/events.ts';
import { Gate } from '../../packages/agent/src/gate.ts';
import type { Likeness } from './likeness.ts';
import { parts } from './parts.ts';

/** Where the test's process puts the socket. */
const PUBLIC_SOCKET = 4;

export type Told = 'close' | 'closeAllConnections' | 'closeIdleConnections';

type AnyServer = http.Server | https.Server | http2.Http2Server | http2.Http2SecureServer;

function make({ protocol, options }: Likeness): AnyServer {
  switch (protocol) {
    case 'h2': return http2.createSecureServer(options);
    case 'h2c': return http2.createServer(options);
    case 'https': return https.createServer(options);
    case 'http': return http.createServer(options);
    case 'tcp': throw new Error('a server that speaks no HTTP has no second process');
  }
}

function serve(like: Likeness): AnyServer {
  const { protocol, index, door, fields } = like;
  const options = parts(100, true);
  const server = make(like);
  Object.assign(server, fields);
  const app = new AppServer({ server, index, protocol, reach: { kind: 'public' }, shown: { port: 0, host: null }, doorPath: '', fault: (place, fault) => options.faults.note(place, fault), closed: () => undefined });
  guardEvents(app, new Gate(app, options));
  options.peers.replace([{ worker: 'suite', version: 'v2', listeners: [{ index, protocol, socket: door, port: 0, host: null }] }]);
  server.listen({ fd: PUBLIC_SOCKET });
  return server;
}

function hear(server: AnyServer, told: Told): void {
  if (told === 'close') server.close();
  else if (server instanceof http.Server) server[told]();
}

process.once('message', (like: Likeness) => {
  const server = serve(like);
  process.on('message', (told: Told) => hear(server, told));
});
process.once('disconnect', () => process.exit());
