// Tells an HTTP/2 client without TLS from an HTTP/1.1 one by its first bytes (RFC 9113 §3.3, prior knowledge). It answers nobody.

import type { Socket } from 'node:net';

const PREFACE = 'PRI * HTTP/2.0\r\n';

/** Calls `next` with the bytes unread; never when the client leaves before or says nothing for `timeoutMs`. */
export function sniffPreface(socket: Socket, timeoutMs: number, next: (isHttp2: boolean) => void): void {
  let read: Buffer = Buffer.alloc(0);
  const gone = (): void => {
    clearTimeout(timer);
    socket.destroy();
  };
  const timer = setTimeout(gone, timeoutMs);
  timer.unref();
  const onData = (chunk: Buffer): void => {
    read = read.length === 0 ? chunk : Buffer.concat([read, chunk]);
    const text = read.toString('latin1', 0, PREFACE.length);
    if (text.length < PREFACE.length && PREFACE.startsWith(text)) return;
    clearTimeout(timer);
    for (const [event, listener] of [['data', onData], ['error', gone], ['end', gone]] as const) socket.removeListener(event, listener);
    socket.pause();
    socket.unshift(read);
    next(text === PREFACE);
  };
  socket.on('data', onData);
  socket.on('error', gone);
  socket.on('end', gone);
}
