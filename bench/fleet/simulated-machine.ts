// One data plane without workers behind it: the real protocol over real TLS, with as little of its own as a load generator needs.
// It reads of a message what it is and of which generation, and answers when everything that has come for its neighbours is read:
// on hosts of their own they would not wait for each other.

import type { OnReadOpts, Socket } from 'node:net';
import { connect } from 'node:tls';
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

/** All machines of a process read into it, one after the other. */
const ROOM = new Uint8Array(64 * 1024);

/** What tells a message: the kind comes first, and numbers before anything large. */
const HEAD_BYTES = 96;
const HEAD = /^\{"kind":"(\w+)"(?:,"from":\d+)?(?:,"generation":(\d+))?(?:,"digest":"(\w+)")?/;

export function startMachine(plan: MachinePlan): SimulatedMachine {
  const { hostname, port } = new URL(plan.url);
  const joined = Promise.withResolvers<undefined>();
  let take = answered;
  const onread: OnReadOpts = {
    buffer: ROOM,
    callback: (length, bytes) => {
      // What is incomplete is kept, and the room is not ours for long.
      take(bytes.slice(0, length));
      return true;
    },
  };
  const options = { host: hostname, port: Number(port), ca: plan.ca, onread };
  const socket = connect(options);
  /** Its answer to the request: one line that counts, and what the server has said at once. */
  let head = '';
  function answered(chunk: Uint8Array): void {
    head += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1');
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    if (!head.startsWith('HTTP/1.1 101 ')) joined.reject(new Error(`the server answered ${head.slice(0, head.indexOf('\r\n'))}`));
    take = follow(plan, socket, () => joined.resolve(undefined));
    if (head.length > end + 4) take(Buffer.from(head.slice(end + 4), 'latin1'));
  }
  socket.once('error', joined.reject).on('error', () => undefined).once('close', () => plan.lost('the connection ended'));
  socket.write(`GET ${JOIN_PATH} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: ${JOIN_PROTOCOL}\r\nAuthorization: Bearer ${plan.token}\r\n\r\n`);
  return { joined: joined.promise, leave: () => socket.destroy() };
}

/** Says hello; what it returns takes what the server says. */
function follow(plan: MachinePlan, socket: Socket, joined: () => void): (chunk: Uint8Array) => void {
  const reader = new FrameReader();
  socket.write(encode({ kind: 'hello', wire: FLEET_WIRE, name: `node-${plan.index}`, labels: { zone: String(plan.index % 3) }, boot: String(plan.index), generation: 0, forward: null } satisfies NodeMessage));
  return (chunk) => {
    for (const body of reader.push(chunk)) {
      const [, kind, generation = '0', digest = ''] = HEAD.exec(Buffer.from(body.buffer, body.byteOffset, Math.min(HEAD_BYTES, body.length)).toString('latin1')) ?? [];
      if (kind === 'strategy' || kind === 'delta') {
        plan.staged(kind, body.length);
        answerSoon(socket, answer('ack', Number(generation)));
      } else if (kind === 'begin') {
        plan.begun(Number(generation));
        answerLater(socket, answer('begun', Number(generation)));
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
}

const PONG: Encoded = encode({ kind: 'pong' });

let newest: { readonly text: string; readonly bytes: Encoded } | null = null;

/** All of them say the same. */
function answer(kind: 'ack' | 'begun', generation: number): Encoded {
  const text = `${kind} ${generation}`;
  if (newest?.text !== text) newest = { text, bytes: encode({ kind, generation }) };
  return newest.bytes;
}

interface Answer { readonly socket: Socket; readonly bytes: Encoded }

const soon: Answer[] = [];
const later: Answer[] = [];
/** A machine's workers have begun and its orders are on its disk before it says so. */
const BEGUN_AFTER_MS = 20;

/** After all that has come in this turn of the loop is read. */
function answerSoon(socket: Socket, bytes: Encoded): void {
  if (soon.length === 0) setImmediate(answerAll, soon);
  soon.push({ socket, bytes });
}

function answerLater(socket: Socket, bytes: Encoded): void {
  if (later.length === 0) setTimeout(answerAll, BEGUN_AFTER_MS, later);
  later.push({ socket, bytes });
}

function answerAll(answers: Answer[]): void {
  for (const { socket, bytes } of answers.splice(0)) socket.write(bytes);
}
