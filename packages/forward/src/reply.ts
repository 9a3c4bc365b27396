// Writes an answer that is already in its final bytes through Node's ServerResponse, so that order of pipelined answers, back-pressure,
// keep-alive and events stay Node's business and only its serialising is left out. It knows no upstream.

import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import type { ReplyHead } from './hop.ts';
import type { ReplyWriter } from './reply-writer.ts';
import { writeBuffers } from './write-buffers.ts';

/** The fields of ServerResponse that the pass-through needs; the same on Node 20 to 26, and probed before use. */
interface Internals {
  _header: string | null;
  _headerSent: boolean;
  _hasBody: boolean;
  _last: boolean;
  _sent100: boolean;
  chunkedEncoding: boolean;
  shouldKeepAlive: boolean;
  maxRequestsOnConnectionReached?: boolean;
  _writeRaw(data: string | Buffer, encoding: 'latin1'): boolean;
}

/** Above this a string would be copied more often than a buffer. */
const STRING_LIMIT_BYTES = 4 * 1024;

/** Whether Node would keep the client's connection after this answer. */
export function keepsAlive(res: ServerResponse): boolean {
  return res.shouldKeepAlive && (res as unknown as Internals).maxRequestsOnConnectionReached !== true;
}

export const rawWriter: ReplyWriter = {
  interim: (res, text) => {
    const internals = res as unknown as Internals;
    internals._writeRaw(text, 'latin1');
    if (text.startsWith(CONTINUE)) internals._sent100 = true;
  },
  begin: (res, status, head) => {
    beginRaw(res, status, head);
    return { pending: head.text, chunked: head.chunked };
  },
  write: (res, reply, piece) => {
    const { bytes, start, end, last } = piece;
    const before = reply.pending;
    reply.pending = '';
    if (!reply.chunked) return writeRaw(res, before, bytes, start, end, '', last);
    const open = start === end ? '' : `${(end - start).toString(16)}\r\n`;
    const close = `${start === end ? '' : '\r\n'}${last ? `0\r\n${piece.trailers}\r\n` : ''}`;
    return writeRaw(res, before + open, bytes, start, end, close, last);
  },
};

const CONTINUE = 'HTTP/1.1 100 ';
/** The phrase comes next. */
const STATUS_LINE = 'HTTP/1.1 200 ';

/** From here on `res.write` and `res.end` pass bytes on as they are. */
function beginRaw(res: ServerResponse, status: number, { text, keep, mayStay }: ReplyHead): void {
  const internals = res as unknown as Internals;
  // Who watches this process' answers reads both.
  res.statusCode = status;
  res.statusMessage = text.slice(STATUS_LINE.length, text.indexOf('\r'));
  internals._header = 'HTTP/1.1';
  internals._headerSent = true;
  internals._hasBody = true;
  internals.chunkedEncoding = false;
  // Behind the last request that the server's limit allows Node says so, and leaves the rest to the client.
  const stays = mayStay && internals.shouldKeepAlive && internals.maxRequestsOnConnectionReached === true;
  internals.shouldKeepAlive = keep;
  // Node may have decided already that this is the last one.
  internals._last ||= !keep && !stays;
}

/** `before`, bytes and `after` as one write; false when the client should be waited for. The bytes are copied. */
function writeRaw(res: ServerResponse, before: string, bytes: Buffer, start: number, end: number, after: string, last: boolean): boolean {
  const size = before.length + end - start + after.length;
  if (size <= STRING_LIMIT_BYTES) {
    const text = start === end ? before + after : before + bytes.toString('latin1', start, end) + after;
    if (last) res.end(text, 'latin1');
    else if (text !== '') return res.write(text, 'latin1');
    return true;
  }
  const kept = writeBuffers.take(size);
  const copy = kept?.subarray(0, size) ?? Buffer.allocUnsafe(size);
  copy.write(before, 0, 'latin1');
  bytes.copy(copy, before.length, start, end);
  copy.write(after, size - after.length, 'latin1');
  const written = kept === null ? undefined : writeBuffers.returned(kept);
  if (last) res.end(copy, written);
  else return res.write(copy, written);
  return true;
}

/** One chunk of a chunked body, and its end after the last one. */
export function frameChunk(payload: Buffer, last: boolean, trailers: string): Buffer {
  const chunk = payload.length === 0 ? '' : `${payload.length.toString(16)}\r\n`;
  const end = `${payload.length === 0 ? '' : '\r\n'}${last ? `0\r\n${trailers}\r\n` : ''}`;
  return Buffer.concat([Buffer.from(chunk, 'latin1'), payload, Buffer.from(end, 'latin1')]);
}

/** Whether this Node's ServerResponse takes bytes as described; asked once. */
export function supportsRaw(): boolean {
  const written: Buffer[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      written.push(chunk);
      done();
    },
  });
  const res = new ServerResponse({ method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1, headers: {} } as unknown as IncomingMessage);
  try {
    res.assignSocket(socket as never);
    rawWriter.interim(res, 'a');
    const reply = rawWriter.begin(res, 200, { text: 'b', keep: true, mayStay: false, chunked: false });
    rawWriter.write(res, reply, { bytes: Buffer.from('c'), start: 0, end: 1, last: false, trailers: '' });
    rawWriter.write(res, reply, { bytes: Buffer.from('d'), start: 0, end: 1, last: true, trailers: '' });
    return Buffer.concat(written).toString('latin1') === 'abcd' && res.writableEnded;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
