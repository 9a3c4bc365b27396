// An edge with every kind of door, as a process of the table: it is told by SIDES what it stands between.

import { readFileSync } from 'node:fs';
import { systemClock } from '@graylane/forward';
import { DEFAULT_HEALTH, DEFAULT_MIRROR, Edge } from '@graylane/gateway';
import type { EdgeListener, EdgeService, Target } from '@graylane/gateway';
import type { Sides } from './rivals.ts';

const { app, http2App, silent, doors, certificate: { cert, key } } = JSON.parse(process.env['SIDES'] ?? '') as Sides;
const target = (port: number, http2: boolean): Target => ({ text: String(port), place: { host: '127.0.0.1', port }, http2, tls: null });
const service = (name: string, more: Partial<EdgeService>): EdgeService => ({ name, stable: 'v1', hosts: [], trust: 'edge', health: null, mirrors: [], versions: { v1: [target(app, false)] }, ...more });
const listener = (slot: number, more: Partial<EdgeListener> = {}): EdgeListener => ({ place: { slot }, tls: null, http2: true, proxyProtocol: null, service: null, ...more });
const ports = [doors.plain, doors.tls, doors.proxied, doors.mirrored];
const edge = new Edge({
  listeners: [listener(0), listener(1, { tls: { certificates: [{ cert, key }], minVersion: 'TLSv1.2', clientCa: null } }), listener(2, { proxyProtocol: [] }), listener(3, { service: 'copied' })],
  services: [
    service('one', { health: { ...DEFAULT_HEALTH, path: '/healthz', intervalMs: 500 } }),
    service('two', { hosts: ['h2.test'], versions: { v1: [target(http2App, true)] } }),
    service('copied', { hosts: ['copied.test'], versions: { v1: [target(app, false)], v2: [target(silent, false)] }, mirrors: [{ ...DEFAULT_MIRROR, to: 'v2' }] }),
  ],
  limits: {}, accessLog: null, dnsServers: [], certificatesEveryMs: 60_000, ticketKeys: null,
}, {
  pid: process.pid, read: (file) => readFileSync(file, 'utf8'), clock: systemClock, wallClock: Date.now, random: Math.random,
  resolve: () => Promise.reject(new Error('no names')), onEvent: () => undefined,
});
await edge.prepare();
await edge.listen((slot) => ({ port: ports[slot] ?? 0, host: '127.0.0.1' }));
