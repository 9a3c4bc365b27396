import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_LIMITS } from '../src/limits.ts';
import { Refusal } from '../src/failure.ts';
import { ResponseReader } from '../src/response-reader.ts';
import type { ReadMode } from '../src/response-reader.ts';

interface Found {
  readonly interims: readonly number[];
  readonly status: number;
  readonly framing: string;
  readonly body: string;
  readonly trailers: string;
  readonly ended: boolean;
  /** What came behind the answer. */
  readonly rest: string;
}

/** Reads `text` in pieces of the given sizes; the last size repeats. */
function read(mode: ReadMode, text: string, sizes: readonly number[], toHead = false): Found {
  const reader = new ResponseReader(mode, DEFAULT_LIMITS);
  const found = { interims: [] as number[], status: 0, framing: '', body: '', trailers: '', ended: false, rest: '' };
  reader.expect(toHead, 'never');
  const isDone = (): boolean => reader.done;
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0, i = 0; at < bytes.length && !isDone(); i++) {
    const size = Math.min(sizes[Math.min(i, sizes.length - 1)] as number, bytes.length - at);
    // The reader may move bytes about in what it is given.
    const piece = Buffer.from(bytes.subarray(at, at + size));
    const used = reader.read(piece, size, {
      interim: (head) => found.interims.push(head.status),
      head: (head, framing) => {
        found.status = head.status;
        found.framing = framing;
      },
      body: (chunk, start, end, last, trailers) => {
        found.body += chunk.toString('latin1', start, end);
        found.trailers += trailers;
        found.ended = last;
      },
    });
    at += size;
    if (isDone()) found.rest = bytes.toString('latin1', at - size + used);
  }
  return found;
}

const ANSWERS: readonly (readonly [title: string, text: string, expected: Partial<Found>])[] = [
  ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', { status: 200, framing: 'length', body: 'hello', ended: true }],
  ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\nX: y\r\nZ: w\r\n\r\n', { framing: 'chunked', body: 'hello', trailers: 'X: y\r\nZ: w\r\n', ended: true }],
  ['informational answers first', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n', { interims: [100, 103], status: 204, framing: 'none', ended: true }],
  ['no reason phrase', 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n', { status: 200, framing: 'none', ended: true }],
  ['the end of the connection', 'HTTP/1.0 200 OK\r\n\r\nuntil the end', { framing: 'until-close', body: 'until the end', ended: false }],
];

void describe('an answer reads the same however its bytes come', () => {
  for (const [title, text, expected] of ANSWERS) {
    void it(title, () => {
      for (let first = 1; first <= text.length; first++) {
        for (const sizes of [[first, text.length], [first, 1]]) {
          const found = read('payload', text, sizes);
          assert.deepEqual({ ...found, ...expected }, found, `pieces of ${sizes.join(', ')}`);
        }
      }
    });
  }

  void it('raw, chunked framing is handed on as it came', () => {
    const framed = '3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\nX: y\r\n\r\n';
    const text = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${framed}`;
    for (let first = 1; first <= text.length; first++) assert.equal(read('raw', text, [first, 1]).body, framed);
  });

  void it('what comes behind it is not its own', () => {
    assert.equal(read('raw', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokstolen', [1_000]).rest, 'stolen');
  });

  void it('to HEAD has no body, whatever it says', () => {
    assert.deepEqual({ ...read('raw', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', [7], true), framing: 'none', ended: true }, read('raw', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', [7], true));
  });
});

void describe('a head that drips', () => {
  void it('costs linear time, so that 64 KiB of it are no attack', () => {
    const text = `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(60_000)}`;
    const started = performance.now();
    read('raw', text, [1]);
    assert.ok(performance.now() - started < 1_000);
  });

  void it('is refused at its first wrong octet once it is looked at', () => {
    assert.throws(() => read('raw', 'HTTP/1.1 200 OK\r\nBad\0Name: x\r\n\r\n', [5, 1]), Refusal);
  });
});
