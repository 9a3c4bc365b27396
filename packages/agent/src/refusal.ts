// The answer that an agent gives by itself where a lane's version has no worker and its release wants an error. It is loaded
// when that happens.

import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { inTurn } from '@graylane/forward';

export interface Refusal {
  readonly status: number;
  readonly phrase: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const TEXT = 'No worker of the selected version is ready.\n';

export const NO_WORKER: Refusal = {
  status: 503,
  phrase: 'Service Unavailable',
  headers: { 'Retry-After': '1', 'Proxy-Status': 'graylane; error=destination_unavailable', 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': String(TEXT.length) },
  text: TEXT,
};

export function refuseRequest(response: ServerResponse): void {
  response.writeHead(NO_WORKER.status, NO_WORKER.headers);
  response.end(NO_WORKER.text);
}

/** On a connection that Node has handed over, behind the answers that are still under way on it. */
export function refuseUpgrade(socket: Duplex): void {
  const { status, phrase, headers, text } = NO_WORKER;
  const lines = Object.entries({ ...headers, Connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`);
  inTurn(socket, () => socket.end(`HTTP/1.1 ${status} ${phrase}\r\n${lines.join('')}\r\n${text}`));
}
