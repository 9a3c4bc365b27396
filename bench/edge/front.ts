// An edge as a process of the benchmark: plain HTTP on PORT, TLS on TLS_PORT when there is one, mirrored to MIRROR when there is one.

import { readFileSync } from 'node:fs';
import { systemClock } from '@graylane/forward';
import { DEFAULT_MIRROR, Edge } from '@graylane/gateway';
import type { EdgeListener, Target } from '@graylane/gateway';

const { PORT = '0', TLS_PORT = '', STABLE = '', MIRROR = '', CERT = '', KEY = '', HTTP2 = '1' } = process.env;
const target = (path: string): Target => ({ text: path, place: { path }, http2: false, tls: null });
const plain: EdgeListener = { place: { slot: 0 }, tls: null, http2: HTTP2 === '1', proxyProtocol: null, service: 'web' };
const secured: EdgeListener = { ...plain, place: { slot: 1 }, tls: { certificates: [{ cert: CERT, key: KEY }], minVersion: 'TLSv1.2', clientCa: null } };
const edge = new Edge({
  listeners: TLS_PORT === '' ? [plain] : [plain, secured],
  services: [{
    name: 'web', stable: 'v1', hosts: [], trust: 'edge', health: null,
    versions: { v1: [target(STABLE)], ...(MIRROR === '' ? {} : { v2: [target(MIRROR)] }) },
    mirrors: MIRROR === '' ? [] : [{ ...DEFAULT_MIRROR, to: 'v2', methods: ['GET'] }],
  }],
  limits: {}, accessLog: null, dnsServers: [], certificatesEveryMs: 60_000, ticketKeys: null,
}, {
  pid: process.pid, read: (file) => readFileSync(file, 'utf8'), clock: systemClock, wallClock: Date.now, random: Math.random,
  resolve: () => Promise.reject(new Error('no names')), onEvent: () => undefined,
});
await edge.prepare();
await edge.listen((slot) => ({ port: Number(slot === 0 ? PORT : TLS_PORT), host: '127.0.0.1' }));
