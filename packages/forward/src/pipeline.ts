// Which requests of one client's connection may be under way together (RFC 9112 §9.3.2): some of those that change nothing. Any other
// one waits for the answers before it, and those behind it wait for its own. It knows no upstream.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { answerUnderWay } from './client-turn.ts';

/** RFC 9110 §9.2.1. */
const SAFE: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
/** Under way behind the one whose turn it is: enough to hide the way there, and no place that others need. */
const TOGETHER_LIMIT = 16;
/** What one that waits counts as in bytes of answers that its client has not taken, on account of which Node stops reading. */
const WAITING_BYTES = 1024;
/** Requests that wait on one connection: more than the shortest ones of a last read (64 KiB) are not there. */
const WAITING_LIMIT = 4096;

interface Waiting {
  readonly res: ServerResponse;
  readonly task: () => void;
}

interface Line {
  /** Under way behind the one whose turn it is. */
  together: number;
  readonly waiting: Waiting[];
}

const lines = new WeakMap<Socket, Line>();

/** `now`: it may go on. `later`: `task` is called when it may, never when its client leaves before. `full`: too many wait already. */
export function turnOf(req: IncomingMessage, res: ServerResponse, task: () => void): 'now' | 'later' | 'full' {
  const { socket } = req;
  const current = res.socket === null ? answerUnderWay(socket) : null;
  if (current === null) return 'now';
  const line = lineOf(socket);
  if (line.waiting.length >= WAITING_LIMIT) return 'full';
  line.waiting.push({ res, task });
  res.once('socket', () => {
    if (line.waiting[0]?.res === res) start(line);
    else line.together -= 1;
    joinIn(line, res);
  });
  if (line.waiting.length === 1 && mayJoin(line, current)) {
    line.waiting.pop();
    line.together += 1;
    return 'now';
  }
  hold(res, WAITING_BYTES);
  return 'later';
}

function lineOf(socket: Socket): Line {
  const known = lines.get(socket);
  if (known !== undefined) return known;
  const line: Line = { together: 0, waiting: [] };
  lines.set(socket, line);
  return line;
}

/** Whether the first that waits may go on behind `current`. */
function mayJoin({ together, waiting }: Line, current: ServerResponse): boolean {
  return together < TOGETHER_LIMIT && SAFE.has(waiting[0]?.res.req.method) && SAFE.has(current.req.method);
}

function joinIn(line: Line, current: ServerResponse): void {
  while (line.waiting.length > 0 && mayJoin(line, current)) {
    line.together += 1;
    start(line);
  }
}

/** The first that waits. */
function start({ waiting }: Line): void {
  const first = waiting.shift();
  if (first === undefined) return;
  const { res, task } = first;
  hold(res, -WAITING_BYTES);
  // Where it is its turn Node is about to write out what the answer has so far: that is nothing yet.
  process.nextTick(() => {
    if (!res.destroyed) task();
  });
}

/** Node stops reading from a client while too much is pending for it (http.js: `_onPendingData`); without that the line is just longer. */
function hold(res: ServerResponse, bytes: number): void {
  const note: unknown = Reflect.get(res, '_onPendingData');
  if (typeof note === 'function') Reflect.apply(note, res, [bytes]);
}
