// The process that moves exchanges between machines: bytes from a local socket to another machine over TLS, and from there to
// a worker's private socket. It reads one line, which names the place, and not a byte of HTTP.

import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { connect as secureConnect, createServer as createSecureServer } from 'node:tls';
import type { PassageOrder, PassagePlan } from './passage-plan.ts';

/** `service/version/index` and a line end, each name at most 63. */
const LINE_LIMIT_BYTES = 160;
const LINE_LIMIT_MS = 5_000;
const CONNECT_LIMIT_MS = 2_000;
/** One machine's share of a fleet's traffic; beyond it the other side's breakers see refusals. */
const CONNECTIONS_LIMIT = 20_000;
/** What is under way when a successor takes over. */
const HANDOVER_LIMIT_MS = 60_000;

let plan: PassagePlan | null = null;
let turn = 0;
let leaving = false;
const sockets = new Set<Socket>();
const doors = new Map<string, Server>();
let front: Server | null = null;
let control: Server | null = null;

process.on('message', (order: PassageOrder) => {
  if (order.kind === 'end') process.exit(0);
  const isFirst = plan === null;
  plan = order;
  if (isFirst) void takeOver(order.control).then(() => openFront(order), fail);
  openDoors(order);
});
// The supervisor has died: traffic goes on, until the next one's process asks for room.
process.on('disconnect', () => undefined);

/** Asks the process of an earlier supervisor to close its sockets; resolves when it has. */
async function takeOver(path: string): Promise<void> {
  await new Promise<void>((resolve) => {
    const asking = connect(path);
    asking.once('error', () => resolve());
    asking.once('close', () => resolve());
    asking.resume();
  });
  rmSync(path, { force: true });
  control = createServer((asked) => {
    leave();
    asked.end();
  });
  control.listen(path);
}

function leave(): void {
  leaving = true;
  for (const server of [front, control, ...doors.values()]) server?.close();
  setInterval(() => {
    if (sockets.size === 0) process.exit(0);
  }, 100);
  setTimeout(() => process.exit(0), HANDOVER_LIMIT_MS);
}

function openFront({ listen, tls }: PassagePlan): void {
  const server = createSecureServer({ ...tls, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' }, (socket) => {
    kept(socket);
    const late = setTimeout(() => socket.destroy(), LINE_LIMIT_MS);
    let held = Buffer.alloc(0);
    const read = (chunk: Buffer): void => {
      held = Buffer.concat([held, chunk]);
      const end = held.indexOf(10);
      if (end < 0 && held.length <= LINE_LIMIT_BYTES) return;
      clearTimeout(late);
      socket.off('data', read);
      socket.pause();
      const [place, rest] = [held.subarray(0, Math.max(0, end)).toString('latin1'), held.subarray(end + 1)];
      const local = pick(plan?.locals[place] ?? []);
      if (local === null) {
        socket.destroy();
        return;
      }
      const worker = kept(connect({ path: local, allowHalfOpen: true }));
      if (rest.length > 0) worker.write(rest);
      join(socket, worker);
    };
    socket.on('data', read);
  });
  server.maxConnections = CONNECTIONS_LIMIT;
  server.once('error', fail);
  server.listen(listen.port, listen.host);
  front = server;
}

/** A socket for each place that other machines serve. */
function openDoors({ remotes }: PassagePlan): void {
  for (const [place, server] of doors) {
    if (Object.hasOwn(remotes, place)) continue;
    server.close();
    doors.delete(place);
  }
  for (const [place, { socket: path }] of Object.entries(remotes)) {
    if (doors.has(place) || leaving) continue;
    rmSync(path, { force: true });
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (near) => {
      kept(near);
      reach(place, near, 0);
    });
    server.maxConnections = CONNECTIONS_LIMIT;
    server.on('error', fail);
    server.listen(path);
    doors.set(place, server);
  }
}

/** Tries the machines in turn; whoever asked hears of a failure as of a worker that is gone, and goes elsewhere. */
function reach(place: string, near: Socket, tried: number): void {
  const endpoints = plan?.remotes[place]?.endpoints ?? [];
  const endpoint = pick(endpoints);
  if (plan === null || endpoint === null || tried >= Math.min(3, endpoints.length)) {
    near.destroy();
    return;
  }
  const { cert, key, ca } = plan.tls;
  const far = kept(secureConnect({ host: endpoint.host, port: endpoint.port, cert, key, ca, minVersion: 'TLSv1.3', servername: isAddress(endpoint.host) ? '' : endpoint.host }));
  const late = setTimeout(() => far.destroy(new Error('no answer')), CONNECT_LIMIT_MS);
  let met = false;
  far.once('secureConnect', () => {
    met = true;
    clearTimeout(late);
    far.write(`${place}\n`);
    join(near, far);
  });
  far.once('close', () => {
    clearTimeout(late);
    if (!met && !near.destroyed) reach(place, near, tried + 1);
  });
}

/** Both ways until both have ended; the end of one in error is the end of the other. */
function join(one: Socket, other: Socket): void {
  one.pipe(other);
  other.pipe(one);
  one.once('close', () => other.destroy());
  other.once('close', () => one.destroy());
  one.setNoDelay(true);
  other.setNoDelay(true);
}

function kept<S extends Socket>(socket: S): S {
  sockets.add(socket);
  socket.on('error', () => socket.destroy());
  socket.once('close', () => sockets.delete(socket));
  return socket;
}

function pick<T>(all: readonly T[]): T | null {
  turn = (turn + 1) % 1_000_000;
  return all[turn % Math.max(1, all.length)] ?? null;
}

function isAddress(host: string): boolean {
  return /^[0-9.]+$/.test(host) || host.includes(':');
}

function fail(error: Error): void {
  process.stderr.write(`passage between machines: ${error.message}\n`);
  process.exit(1);
}
