// One data plane without workers behind it: the real protocol over real TLS, with as little of its own as a load generator needs.
// It reads of a message what it is and of which generation, and answers when everything that has come for its neighbours is read:
// on hosts of their own they would not wait for each other.

import { request } from 'node:https';
import type { Duplex } from 'node:stream';
import { FrameReader } from '@graylane/wire';
import { FLEET_WIRE, JOIN_PATH, JOIN_PROTOCOL, type NodeMessage } from '../../packages/control/src/index.ts';
import { encode, type Encoded } from '../../packages/control/src/fleet/wire-end.ts';

export interface MachinePlan {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
  readonly index: number;
  /** Called with each strategy that it begins with. */
  readonly begun: (generation: number) => void;
  /** Called with the size of each strategy as it came. */
  readonly staged: (kind: 'strategy' | 'delta', bytes: number) => void;
  /** The server closed, or refused. */
  readonly lost: (why: string) => void;
}

export interface SimulatedMachine {
  /** Resolves with its first strategy. */
  readonly joined: Promise<void>;
  leave(): void;
}

/** What tells a message: the kind comes first, and numbers before anything large. */
const HEAD_BYTES = 96;
const HEAD = /^\{"kind":"(\w+)"(?:,"from":\d+)?(?:,"generation":(\d+))?(?:,"digest":"(\w+)")?/;

export function startMachine(plan: MachinePlan): SimulatedMachine {
  let socket: Duplex | null = null;
  const joined = new Promise<void>((resolve, reject) => {
    const outgoing = request(plan.url + JOIN_PATH, { ca: plan.ca, agent: false, headers: { connection: 'Upgrade', upgrade: JOIN_PROTOCOL, authorization: `Bearer ${plan.token}` } });
    outgoing.once('error', reject).once('response', ({ statusCode }) => reject(new Error(`the server answered ${statusCode ?? 0}`)));
    outgoing.once('upgrade', (_response, upgraded: Duplex, head: Uint8Array) => {
      socket = upgraded.on('error', () => undefined).once('close', () => plan.lost('the connection ended'));
      follow(plan, upgraded, head, resolve);
    });
    outgoing.end();
  });
  return { joined, leave: () => socket?.destroy() };
}

function follow(plan: MachinePlan, socket: Duplex, head: Uint8Array, joined: () => void): void {
  const reader = new FrameReader();
  const read = (chunk: Uint8Array): void => {
    for (const body of reader.push(chunk)) {
      const [, kind, generation = '0', digest = ''] = HEAD.exec(Buffer.from(body.buffer, body.byteOffset, Math.min(HEAD_BYTES, body.length)).toString('latin1')) ?? [];
      if (kind === 'strategy' || kind === 'delta') {
        plan.staged(kind, body.length);
        answerSoon(socket, answer('ack', Number(generation)));
      } else if (kind === 'begin') {
        plan.begun(Number(generation));
        answerSoon(socket, answer('begun', Number(generation)));
        joined();
      } else if (kind === 'keys') {
        socket.write(encode({ kind: 'keyed', digest }));
      } else if (kind === 'pools') {
        socket.write(encode({ kind: 'report', pools: [], workers: [], offers: [] }));
      } else if (kind === 'ping') {
        answerSoon(socket, PONG);
      } else if (kind === 'refused') {
        plan.lost(Buffer.from(body).toString());
      }
    }
  };
  socket.on('data', read);
  socket.write(encode({ kind: 'hello', wire: FLEET_WIRE, name: `node-${plan.index}`, labels: { zone: String(plan.index % 3) }, boot: String(plan.index), generation: 0, forward: null } satisfies NodeMessage));
  if (head.length > 0) read(head);
}

const PONG: Encoded = encode({ kind: 'pong' });

let newest: { readonly text: string; readonly bytes: Encoded } | null = null;

/** All of them say the same. */
function answer(kind: 'ack' | 'begun', generation: number): Encoded {
  const text = `${kind} ${generation}`;
  if (newest?.text !== text) newest = { text, bytes: encode({ kind, generation }) };
  return newest.bytes;
}

const waiting: { readonly socket: Duplex; readonly bytes: Encoded }[] = [];

/** After all that has come in this turn of the loop is read. */
function answerSoon(socket: Duplex, bytes: Encoded): void {
  if (waiting.length === 0) setImmediate(answerAll);
  waiting.push({ socket, bytes });
}

function answerAll(): void {
  for (const { socket, bytes } of waiting.splice(0)) socket.write(bytes);
}
