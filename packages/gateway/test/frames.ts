// Frames of HTTP/2 and heads of HPACK as bytes, valid or not, for tests that speak below any library.

/** A frame as {@link RawClient} sends it. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export const FRAME = { data: 0, headers: 1, priority: 2, rst: 3, settings: 4, push: 5, ping: 6, goaway: 7, window: 8, continuation: 9 } as const;
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8 } as const;

export function frame(type: number, flags: number, stream: number, payload: Buffer | string = ''): Frame {
  return { type, flags, stream, payload: typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload };
}

export function frameBytes({ type, flags, stream, payload }: Frame): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export type Line = readonly [string, string];

export const GET: readonly Line[] = [[':method', 'GET'], [':scheme', 'http'], [':path', '/'], [':authority', 'a']];
export const POST: readonly Line[] = GET.map(([name, value]) => [name, name === ':method' ? 'POST' : value]);

/** Literal lines without indexing and without Huffman codes (RFC 7541 §6.2.2): any octet can be written. */
export function block(lines: readonly Line[]): Buffer {
  return Buffer.concat(lines.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

/** A head in one frame. */
export function headers(stream: number, lines: readonly Line[], flags: number = FLAG.endHeaders | FLAG.endStream): Frame {
  return frame(FRAME.headers, flags, stream, block(lines));
}

/** The same lines with another value for one of them. */
export function withValue(lines: readonly Line[], name: string, value: string): readonly Line[] {
  return lines.map((line) => (line[0] === name ? [name, value] : line));
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function setting(id: number, value: number): Buffer {
  const name = Buffer.alloc(2);
  name.writeUInt16BE(id);
  return Buffer.concat([name, u32(value)]);
}

/** RFC 7541 §5.2. */
export function text(value: string): Buffer {
  return Buffer.concat([Buffer.from(integer(value.length, 7)), Buffer.from(value, 'latin1')]);
}

/** RFC 7541 §5.1. */
function integer(value: number, bits: number): number[] {
  const most = 2 ** bits - 1;
  if (value < most) return [value];
  const bytes = [most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(rest % 128 + 128);
  return [...bytes, rest];
}
