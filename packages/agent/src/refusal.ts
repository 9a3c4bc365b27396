// The one answer that an agent gives by itself: a lane's version has no worker and its release wants an error.

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export const STATUS = 503;
export const TEXT = 'No worker of the selected version is ready.\n';
export const HEADERS: Readonly<Record<string, string>> = {
  'Retry-After': '1',
  'Proxy-Status': 'graylane; error=destination_unavailable',
  'Content-Type': 'text/plain; charset=utf-8',
  'Content-Length': String(Buffer.byteLength(TEXT)),
};

export function refuseRequest(response: ServerResponse): void {
  response.writeHead(STATUS, HEADERS);
  response.end(TEXT);
}

export function refuseUpgrade(socket: Socket): void {
  const lines = Object.entries({ ...HEADERS, Connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${STATUS} Service Unavailable\r\n${lines.join('')}\r\n${TEXT}`);
}
