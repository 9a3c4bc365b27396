// Asks each upstream from time to time whether it is there, before a user has to find out. It moves no request of a user.

import { connect as connectHttp2 } from 'node:http2';
import * as net from 'node:net';
import * as tls from 'node:tls';
import type { Clock, Upstream } from '@graylane/forward';

export interface HealthPlan {
  /** Asked with GET, 2xx and 3xx are healthy; null only connects. */
  readonly path: string | null;
  readonly host: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** In a row. */
  readonly healthyAfter: number;
  readonly unhealthyAfter: number;
}

export const DEFAULT_HEALTH: HealthPlan = { path: null, host: 'localhost', intervalMs: 2_000, timeoutMs: 1_000, healthyAfter: 1, unhealthyAfter: 2 };

export interface HealthChange {
  readonly key: string;
  readonly healthy: boolean;
  readonly detail: string;
}

/** Resolves with what is wrong, or null. Never rejects. */
export type Probe = (upstream: Upstream, plan: HealthPlan) => Promise<string | null>;

interface Subject {
  readonly upstream: Upstream;
  healthy: boolean;
  /** Equal outcomes in a row that differ from `healthy`. */
  against: number;
  asking: boolean;
}

export class HealthChecks {
  readonly #plan: HealthPlan;
  readonly #probe: Probe;
  readonly #onChange: (change: HealthChange) => void;
  readonly #subjects = new Map<string, Subject>();
  readonly #stop: () => void;

  constructor(plan: HealthPlan, clock: Clock, onChange: (change: HealthChange) => void, probe: Probe = probeUpstream) {
    this.#plan = plan;
    this.#probe = probe;
    this.#onChange = onChange;
    this.#stop = clock.every(plan.intervalMs, () => this.check());
  }

  /** New ones count as healthy until they are found not to be: a gateway that starts must not refuse everybody for an interval. */
  watch(upstreams: readonly Upstream[]): void {
    const keys = new Set(upstreams.map(({ key }) => key));
    for (const key of this.#subjects.keys()) if (!keys.has(key)) this.#subjects.delete(key);
    for (const upstream of upstreams) {
      if (!this.#subjects.has(upstream.key)) this.#subjects.set(upstream.key, { upstream, healthy: true, against: 0, asking: false });
    }
  }

  isHealthy(key: string): boolean {
    return this.#subjects.get(key)?.healthy !== false;
  }

  /** Asks all now. */
  check(): void {
    for (const subject of this.#subjects.values()) if (!subject.asking) void this.#ask(subject);
  }

  /** A request has just failed there: the next round need not be waited for. */
  suspect(key: string): void {
    const subject = this.#subjects.get(key);
    if (subject !== undefined && !subject.asking) void this.#ask(subject);
  }

  close(): void {
    this.#stop();
    this.#subjects.clear();
  }

  async #ask(subject: Subject): Promise<void> {
    subject.asking = true;
    const wrong = await this.#probe(subject.upstream, this.#plan);
    subject.asking = false;
    const { key } = subject.upstream;
    if (this.#subjects.get(key) !== subject) return;
    if ((wrong === null) === subject.healthy) {
      subject.against = 0;
      return;
    }
    subject.against++;
    if (subject.against < (subject.healthy ? this.#plan.unhealthyAfter : this.#plan.healthyAfter)) return;
    subject.healthy = !subject.healthy;
    subject.against = 0;
    this.#onChange({ key, healthy: subject.healthy, detail: wrong ?? '' });
  }
}

function probeUpstream(upstream: Upstream, plan: HealthPlan): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = open(upstream);
    const timer = setTimeout(() => end('no answer in time'), plan.timeoutMs);
    timer.unref();
    const end = (wrong: string | null): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(wrong);
    };
    socket.on('error', (error) => end(error.message));
    socket.on('close', () => end('closed the connection'));
    socket.once(socket instanceof tls.TLSSocket ? 'secureConnect' : 'connect', () => {
      if (plan.path === null) end(null);
      else if (upstream.http2 === true) askHttp2(socket, plan.path, plan.host, end);
      else askHttp1(socket, plan.path, plan.host, end);
    });
  });
}

function open({ address, http2 }: Upstream): net.Socket {
  if ('path' in address) return net.connect(address.path);
  if (address.tls === undefined) return net.connect(address.port, address.host);
  return tls.connect({ ...address.tls, host: address.host, port: address.port, ...(http2 === true ? { ALPNProtocols: ['h2'] } : {}) });
}

/** Only the status line is of interest; more than this without one is no HTTP. */
const STATUS_LIMIT_BYTES = 1_024;

function askHttp1(socket: net.Socket, path: string, host: string, end: (wrong: string | null) => void): void {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    const status = /^HTTP\/1\.[01] (\d{3})[ \r]/.exec(text)?.[1];
    if (status !== undefined) end(verdict(Number(status)));
    else if (text.length > STATUS_LIMIT_BYTES) end('no HTTP answer');
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: graylane-health\r\nConnection: close\r\n\r\n`, 'latin1');
}

function askHttp2(socket: net.Socket, path: string, host: string, end: (wrong: string | null) => void): void {
  const session = connectHttp2(`http://${host}`, { createConnection: () => socket, settings: { enablePush: false } });
  session.on('error', (error: Error) => end(error.message));
  const stream = session.request({ ':path': path, 'user-agent': 'graylane-health' }, { endStream: true });
  stream.on('error', (error: Error) => end(error.message));
  stream.on('response', (headers) => end(verdict(Number(headers[':status']))));
}

function verdict(status: number): string | null {
  return status >= 200 && status < 400 ? null : `answered ${status}`;
}
