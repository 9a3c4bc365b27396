import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { frame, FRAME_LIMIT_BYTES, FrameReader } from '../src/frames.ts';

const bodies = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });

test('frames come out as they went in, however the stream is cut', () => {
  fc.assert(fc.property(bodies, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (sent, cuts) => {
    const stream = Buffer.concat(sent.map(frame));
    const reader = new FrameReader();
    const received: Uint8Array[] = [];
    for (let at = 0, turn = 0; at < stream.length; turn++) {
      const size = cuts[turn % cuts.length] ?? 1;
      received.push(...reader.push(stream.subarray(at, at + size)));
      at += size;
    }
    assert.deepEqual(received.map((body) => Buffer.from(body)), sent.map((body) => Buffer.from(body)));
  }));
});

test('a frame over the limit is refused by its header alone', () => {
  const header = new Uint8Array(4);
  new DataView(header.buffer).setUint32(0, FRAME_LIMIT_BYTES + 1);
  assert.throws(() => new FrameReader().push(header), RangeError);
});
