// A stand-in for the real agent, as small as the pool's tests allow: it places an app's http servers, says what the wire
// asks for, and drains. It routes nothing. Plain JavaScript, because workers of the matrix cannot all read TypeScript.

import diagnostics from 'node:diagnostics_channel';
import http from 'node:http';
import net from 'node:net';
import { closeSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

const text = process.env['GRAYLANE_AGENT'];
if (text !== undefined) run(JSON.parse(text));

function run(brief) {
  const listeners = [];
  const servers = [];
  const held = [];
  const open = [];
  const sockets = new Set();
  let generation = 0;
  let link = null;
  let draining = false;

  try {
    generation = JSON.parse(readFileSync(brief.snapshot, 'utf8')).generation;
  } catch {
    generation = 0;
  }

  diagnostics.tracingChannel('net.server.listen').asyncStart.subscribe(({ server, options }) => {
    if (server.graylanePrivate || options.path !== undefined) return;
    const index = servers.length;
    const plan = brief.listeners[index];
    servers.push(server);
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    server.on('request', (request, response) => {
      if (draining) response.setHeader('connection', 'close');
      response.setHeader('x-worker', brief.worker);
    });
    const socketPath = path.join(brief.sockets, `${brief.worker}.${index}.sock`);
    rmSync(socketPath, { force: true });
    const inner = net.createServer((socket) => server.emit('connection', socket));
    inner.graylanePrivate = true;
    inner.listen(socketPath);
    inner.unref();
    const port = plan?.port ?? options.port;
    const donate = plan === undefined && brief.undeclared === 'donate';
    if (donate) options.reusePort = true;
    else if (plan?.fd != null && !brief.hold) {
      delete options.port;
      options.fd = plan.fd;
      if (!brief.hold) open.push({ server, others: { ...plan.others } });
    } else {
      if (plan?.fd != null) held.push({ server, fd: plan.fd, others: { ...plan.others } });
      delete options.port;
      options.path = `${socketPath}.own`;
      rmSync(options.path, { force: true });
    }
    server.once('listening', () => {
      if (donate && process.send) process.send({ graylane: 'donate', port, host: options.host ?? null }, server._handle);
      const listener = { index, protocol: server instanceof http.Server ? 'http' : 'tcp', socket: socketPath, port, host: plan?.host ?? options.host ?? null };
      listeners.push(listener);
      say({ kind: 'listening', listener });
    });
    server.once('error', (error) => say({ kind: 'listen-failed', port, code: error.code }));
  });

  function acceptOn(server, fd) {
    const outer = net.createServer((socket) => server.emit('connection', socket));
    outer.graylanePrivate = true;
    outer.listen({ fd });
    servers.push(outer);
  }

  function say(message) {
    if (link === null) return;
    const body = Buffer.from(JSON.stringify(message));
    const head = Buffer.alloc(4);
    head.writeUInt32BE(body.length);
    link.write(Buffer.concat([head, body]));
  }

  function hear(message) {
    if (message.kind === 'strategy') {
      generation = message.generation;
      say({ kind: 'ack', generation });
    } else if (message.kind === 'peers') say({ kind: 'peers-ack', epoch: message.epoch });
    else if (message.kind === 'ping' && !globalThis.deaf) {
      const { rss, heapUsed } = process.memoryUsage();
      say({ kind: 'pong', n: message.n, vitals: { rss: globalThis.pretendRss ?? rss, heapUsed, heapLimit: 1e9, cpuMicros: 0, loopDelayP99Ms: 0, loopUtilization: globalThis.pretendBusy ?? 0, inFlight: 0, waiting: 0 } });
    } else if (message.kind === 'open') {
      for (const one of held.splice(0)) {
        acceptOn(one.server, one.fd);
        open.push(one);
      }
    } else if (message.kind === 'accept') {
      for (const { server, others } of open) {
        for (const slot of message.slots) {
          if (others[slot] !== undefined) acceptOn(server, others[slot]);
          delete others[slot];
        }
      }
    } else if (message.kind === 'drain') drain();
  }

  function drain() {
    if (draining) return;
    draining = true;
    // Not http's own close(), which also cuts idle connections while a request may be under way.
    for (const server of servers) net.Server.prototype.close.call(server);
    for (const { others } of [...open, ...held]) for (const fd of Object.values(others)) closeSync(fd);
    const since = Date.now();
    // Active clients learn of the end from their next response; only who says nothing for a while is cut off.
    const look = () => {
      const busy = [...sockets].some((socket) => socket._httpMessage || (socket.parser?.incoming && !socket.parser.incoming.complete));
      if (busy || (sockets.size > 0 && Date.now() - since < 500)) return void setTimeout(look, 10);
      for (const socket of sockets) socket.end();
      say({ kind: 'drained' });
    };
    look();
  }

  function connect() {
    const socket = net.connect(brief.control);
    let pending = Buffer.alloc(0);
    socket.on('connect', () => {
      link = socket;
      say({ kind: 'hello', wire: brief.wire, worker: brief.worker, pid: process.pid, node: process.version, agent: 'fake', generation, listeners });
    });
    socket.on('data', (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 4 && pending.length >= 4 + pending.readUInt32BE(0)) {
        const end = 4 + pending.readUInt32BE(0);
        hear(JSON.parse(pending.subarray(4, end).toString()));
        pending = pending.subarray(end);
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      link = null;
      setTimeout(connect, 50).unref();
    });
    socket.unref();
  }
  connect();
}
