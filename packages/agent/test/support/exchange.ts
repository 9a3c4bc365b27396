// Raw bytes over a socket, so that nothing of a client library stands between a test and what was sent.

import * as net from 'node:net';
import * as tls from 'node:tls';

export interface Target {
  readonly port: number;
  readonly secure?: boolean;
  readonly alpn?: string;
}

export function open(target: Target): net.Socket {
  const socket = target.secure === true
    ? tls.connect({ port: target.port, host: '127.0.0.1', rejectUnauthorized: false, ...(target.alpn === undefined ? {} : { ALPNProtocols: [target.alpn] }) })
    : net.connect(target.port, '127.0.0.1');
  socket.setTimeout(30_000, () => socket.destroy(new Error('no bytes for 30 s')));
  return socket;
}

/** Sends `text` and returns all bytes until the other side closes. */
export async function exchange(target: Target, text: string, halfClose = false): Promise<string> {
  const socket = open(target);
  socket.write(text, 'latin1');
  if (halfClose) socket.end();
  return await rest(socket);
}

export async function rest(socket: net.Socket): Promise<string> {
  const chunks: Buffer[] = [];
  return await new Promise((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    const done = (): void => {
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('latin1'));
    };
    socket.once('end', done);
    // A reset ends an answer as well; what came before it counts.
    socket.once('error', (error) => (chunks.length > 0 ? done() : reject(error)));
  });
}

/** Reads until `text` has come; returns what was read. */
export async function until(socket: net.Socket, text: string): Promise<string> {
  let read = '';
  return await new Promise((resolve, reject) => {
    const take = (chunk: Buffer): void => {
      read += chunk.toString('latin1');
      if (!read.includes(text)) return;
      socket.off('data', take);
      socket.off('error', reject);
      resolve(read);
    };
    socket.on('data', take);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`closed after ${JSON.stringify(read)}`)));
  });
}

export function get(path: string, headers: Readonly<Record<string, string>> = {}, connection = 'close'): string {
  const lines = Object.entries({ Host: 'localhost', ...headers, Connection: connection }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** The part of a response after its head. */
export function body(response: string): string {
  return response.slice(response.indexOf('\r\n\r\n') + 4);
}

export function json(response: string): Record<string, unknown> {
  const text = body(response);
  return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as Record<string, unknown>;
}

/** Without the line that differs from second to second. */
export function undated(response: string): string {
  return response.replaceAll(/\r\nDate: [^\r]*/gi, '\r\nDate: -');
}
