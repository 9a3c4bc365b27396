// One end of a fleet connection: words that were just heard from another end mean the same, and only whole ones do.

import assert from 'node:assert/strict';
import { duplexPair, type Duplex } from 'node:stream';
import { it } from 'node:test';
import type { NodeMessage } from '../../src/fleet/messages.ts';
import { Echo, encode, WireEnd } from '../../src/fleet/wire-end.ts';
import { FakeClock, settle } from '../fake-clock.ts';

interface Ear {
  readonly far: Duplex;
  readonly heard: string[];
}

function ear(echo: Echo<NodeMessage>): Ear {
  const [near, far] = duplexPair();
  const heard: string[] = [];
  const end: WireEnd<NodeMessage> = new WireEnd<NodeMessage>(near, new FakeClock(), { message: (message) => heard.push(JSON.stringify(message)), closed: () => heard.push('closed') }, echo);
  assert.ok(end.open);
  return { far, heard };
}

const ack = encode({ kind: 'ack', generation: 7 });
const ACK = '{"kind":"ack","generation":7}';
const BEGUN = '{"kind":"begun","generation":7}';

/** What two machines write in turn, in pieces, and what is heard of each. */
async function check(title: string, pieces: readonly (readonly ['one' | 'two', Uint8Array])[], expected: { readonly one: readonly string[]; readonly two: readonly string[] }): Promise<void> {
  await it(title, async () => {
    const echo = new Echo<NodeMessage>();
    const ears = { one: ear(echo), two: ear(echo) };
    for (const [who, bytes] of pieces) {
      ears[who].far.write(bytes);
      await settle(4);
    }
    assert.deepEqual({ one: ears.one.heard, two: ears.two.heard }, expected);
  });
}

await check('the same words of two machines are words of both, as often as they are said', [['one', ack], ['two', ack], ['two', ack]], { one: [ACK], two: [ACK, ACK] });
await check('other words in between are heard as they are', [['one', ack], ['two', encode({ kind: 'begun', generation: 7 })], ['one', ack]], { one: [ACK, ACK], two: [BEGUN] });
await check('two messages at once are two', [['one', Buffer.concat([ack, ack])], ['two', ack]], { one: [ACK, ACK], two: [ACK] });
await check('words in pieces are one message', [['one', ack], ['two', ack.subarray(0, 9)], ['two', ack.subarray(9)], ['two', ack]], { one: [ACK], two: [ACK, ACK] });
// A frame of a hundred bytes of which these are the first: no JSON in the end.
await check('the bytes of a known message inside a longer one are no message', [['one', ack], ['two', Buffer.from([0, 0, 0, 100])], ['two', ack], ['two', Buffer.alloc(100 - ack.length, 32)]], { one: [ACK], two: ['closed'] });
