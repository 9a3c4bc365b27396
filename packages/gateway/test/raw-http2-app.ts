// An app of HTTP/2 that speaks in frames: what it answers to each head is the test's, right or wrong.

import { once } from 'node:events';
import * as net from 'node:net';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Upstream } from '@graylane/forward';
import { FLAG, FRAME, frame, frameBytes, headers } from './frames.ts';
import type { Frame, Line } from './frames.ts';

const PREFACE_BYTES = 24;

/** To a head; `count` is 1 for the first of all. */
export type Answer = (stream: number, count: number) => readonly Frame[];

/** To a body that is complete; `trailers` are those that came, as they are on the wire. */
export type BodyAnswer = (stream: number, body: string, trailers: Buffer) => readonly Frame[];

export interface RawHttp2App {
  readonly upstream: Upstream;
  /** Heads that came. */
  asked: number;
  /** Bytes of bodies that came. */
  received: number;
}

export async function startRawHttp2App(t: TestContext, answer: Answer, settings: Buffer = Buffer.alloc(0), answerBody: BodyAnswer = () => []): Promise<RawHttp2App> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    let read: Buffer = Buffer.alloc(0);
    let greeted = false;
    const bodies = new Map<number, string>();
    const send = (...frames: readonly Frame[]): void => void socket.write(Buffer.concat(frames.map(frameBytes)));
    send(frame(FRAME.settings, 0, 0, settings));
    socket.on('data', (chunk) => {
      read = Buffer.concat([read, chunk]);
      if (!greeted && read.length >= PREFACE_BYTES) {
        greeted = true;
        read = read.subarray(PREFACE_BYTES);
      }
      while (greeted && read.length >= 9 && read.length >= 9 + read.readUIntBE(0, 3)) {
        const [type, flags, stream] = [read[3] as number, read[4] as number, read.readUInt32BE(5) & 0x7fffffff];
        const payload = Buffer.from(read.subarray(9, 9 + read.readUIntBE(0, 3)));
        read = read.subarray(9 + payload.length);
        if (type === FRAME.settings && (flags & FLAG.ack) === 0) send(frame(FRAME.settings, FLAG.ack, 0));
        if (type === FRAME.headers && !bodies.has(stream)) {
          bodies.set(stream, '');
          send(...answer(stream, ++app.asked));
        } else if (type === FRAME.headers) {
          send(...answerBody(stream, bodies.get(stream) ?? '', payload));
        }
        if (type === FRAME.data) {
          app.received += payload.length;
          bodies.set(stream, (bodies.get(stream) ?? '') + payload.toString('latin1'));
          if ((flags & FLAG.endStream) !== 0) send(...answerBody(stream, bodies.get(stream) ?? '', Buffer.alloc(0)));
        }
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const app: RawHttp2App = { upstream: { key: `raw:${port}`, address: { host: '127.0.0.1', port }, http2: true }, asked: 0, received: 0 };
  return app;
}

/** A head of an answer, and nothing behind it unless `flags` say so. */
export function answerHead(stream: number, status: number, lines: readonly Line[] = [], flags: number = FLAG.endHeaders | FLAG.endStream): Frame {
  return headers(stream, [[':status', String(status)], ...lines], flags);
}
