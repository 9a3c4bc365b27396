// The answers that an agent gives by itself: a lane's version has no worker and its release wants an error, or a tunnel
// was asked for that no hop carries. It is loaded when that happens.

import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { inTurn } from '@graylane/forward';

export interface Refusal {
  readonly status: number;
  readonly phrase: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export const NO_WORKER: Refusal = refusal(503, 'Service Unavailable', 'destination_unavailable', 'No worker of the selected version is ready.\n', { 'Retry-After': '1' });
/** CONNECT has no answer that a hop could tell the end of. */
export const NO_TUNNEL: Refusal = refusal(501, 'Not Implemented', 'http_request_denied', 'CONNECT does not reach the selected version.\n', {});

function refusal(status: number, phrase: string, error: string, text: string, more: Readonly<Record<string, string>>): Refusal {
  const headers = { ...more, 'Proxy-Status': `graylane; error=${error}`, 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': String(text.length) };
  return { status, phrase, headers, text };
}

export function refuseRequest(response: ServerResponse): void {
  response.writeHead(NO_WORKER.status, NO_WORKER.headers);
  response.end(NO_WORKER.text);
}

export function refuseUpgrade(socket: Duplex): void {
  refuseOnSocket(socket, NO_WORKER);
}

export function refuseTunnel(socket: Duplex): void {
  refuseOnSocket(socket, NO_TUNNEL);
}

/** On a connection that Node has handed over, behind the answers that are still under way on it. */
function refuseOnSocket(socket: Duplex, { status, phrase, headers, text }: Refusal): void {
  const lines = Object.entries({ ...headers, Connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`);
  inTurn(socket, () => socket.end(`HTTP/1.1 ${status} ${phrase}\r\n${lines.join('')}\r\n${text}`));
}
