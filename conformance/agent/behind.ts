// Preloaded into the tests of another project: every server that they open on a port is put behind a second process, and
// is guarded like that of a canary; the second process forwards all requests to it. No part of the product.

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppServer } from '../../packages/agent/src/app-server.ts';
import { guardEvents } from '../../packages/agent/src/events.ts';
import { Gate } from '../../packages/agent/src/gate.ts';
import { handleOf, setOwn, stopAccepting } from '../../packages/agent/src/internals.ts';
import { linkOf } from '../../packages/agent/src/linked-socket.ts';
import { protocolOf } from '../../packages/agent/src/server-kind.ts';
import type { Told } from './front.ts';
import { likeness } from './likeness.ts';
import { parts } from './parts.ts';
import { eachServer } from './suite-servers.ts';

const FRONT = join(import.meta.dirname, 'front.mjs');
/** Longer than any test. */
const LONG_MS = 2 ** 30;

const options = parts(100, false);
const folder = mkdtempSync(join(tmpdir(), 'loop-'));
let servers = 0;
const came = { forwarded: 0, directly: 0 };

/** Counts how requests came: none may come directly. */
class CountingGate extends Gate {
  override request(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.httpVersionMajor === 1) note(request.socket);
    return super.request(request, response);
  }

  override upgrade(...event: Parameters<Gate['upgrade']>): boolean {
    note(event[2]);
    return super.upgrade(...event);
  }

  override stream(...event: Parameters<Gate['stream']>): boolean {
    const socket = event[0].session?.socket;
    if (socket !== undefined) note(socket);
    return super.stream(...event);
  }
}

function note(socket: Socket): void {
  came[linkOf(socket) === undefined ? 'directly' : 'forwarded'] += 1;
}

/** Without it the process would end though its server listens. */
function stayAlive(server: Server): () => void {
  const timer = setInterval(() => undefined, LONG_MS);
  if (Reflect.get(server, '_unref') === true) timer.unref();
  for (const name of ['ref', 'unref'] as const) {
    setOwn(server, name, (): Server => {
      timer[name]();
      return server;
    });
  }
  return () => clearInterval(timer);
}

/** It inherits the socket; the connections that come before it is up wait in the system. */
function startFront(server: Server): ChildProcess {
  const descriptor: unknown = Reflect.get(handleOf(server) ?? {}, 'fd');
  if (typeof descriptor !== 'number') throw new Error('the socket of a server has no descriptor here');
  const front = spawn(process.execPath, [FRONT], { stdio: ['ignore', 'ignore', 'inherit', 'ipc', descriptor], serialization: 'advanced' });
  front.unref();
  front.channel?.unref();
  return front;
}

eachServer((server) => {
  servers += 1;
  const [index, protocol, door] = [servers, protocolOf(server), join(folder, String(servers))];
  const front = startFront(server);
  const tell = (told: Told): void => {
    if (front.connected) front.send(told);
  };
  const release = stayAlive(server);
  const app = new AppServer({
    server, index, protocol, doorPath: door,
    reach: { kind: 'public' },
    shown: { port: 0, host: null },
    fault: (place, fault) => options.faults.note(place, fault),
    closed: () => {
      release();
      tell('close');
    },
  });
  guardEvents(app, new CountingGate(app, options));
  app.openDoor(() => front.send(likeness(server, { protocol, index, door })));
  stopAccepting(server);
  for (const name of ['closeAllConnections', 'closeIdleConnections'] as const) {
    const own: unknown = Reflect.get(server, name);
    if (typeof own !== 'function') continue;
    setOwn(server, name, () => {
      tell(name);
      Reflect.apply(own, server, []);
    });
  }
});

process.on('exit', () => {
  rmSync(folder, { recursive: true, force: true });
  process.stderr.write(`loop: ${servers} servers behind a second process, ${came.forwarded} requests forwarded, ${came.directly} came directly, ${options.faults.count} faults\n`);
});
