// One readiness request to a worker's private socket. Knows HTTP only as far as a status code.

import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';

import { HOP_HEADER, clientText, hopText } from '@graylane/wire';
import type { ListenerReport } from '@graylane/wire';

/** A path that does not answer within this is not ready yet; the next attempt follows. */
const PROBE_TIMEOUT_MS = 2_000;

/** True for an answer from 200 to 399. */
export function probe(listener: ListenerReport, path: string): Promise<boolean> {
  const overHttp2 = listener.protocol === 'h2' || listener.protocol === 'h2c';
  return overHttp2 ? probeHttp2(listener, path) : probeHttp1(listener, path);
}

function probeHttp1(listener: ListenerReport, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.request({ socketPath: listener.socket, path, agent: false, timeout: PROBE_TIMEOUT_MS, headers: headers(listener) });
    request.once('response', (response) => {
      response.resume();
      resolve(isHealthy(response.statusCode ?? 0));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
    request.once('close', () => resolve(false));
    request.end();
  });
}

function probeHttp2(listener: ListenerReport, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const session = http2.connect('http://localhost', { createConnection: () => net.connect(listener.socket) });
    const end = (ok: boolean): void => {
      session.destroy();
      resolve(ok);
    };
    session.once('error', () => end(false));
    session.setTimeout(PROBE_TIMEOUT_MS, () => end(false));
    const stream = session.request({ ':path': path, ...headers(listener) });
    stream.once('error', () => end(false));
    stream.once('response', (head) => end(isHealthy(head[':status'] ?? 0)));
  });
}

function isHealthy(status: number): boolean {
  return status >= 200 && status < 400;
}

/** The request looks like one from this machine that stable serves. */
function headers(listener: ListenerReport): Record<string, string> {
  const client = clientText({ remoteAddress: '127.0.0.1', remotePort: 0, localAddress: '127.0.0.1', localPort: listener.port, encrypted: false, tls: '' });
  return { host: `localhost:${listener.port}`, 'user-agent': 'graylane-ready', [HOP_HEADER]: hopText(client, 0, '', '') };
}
