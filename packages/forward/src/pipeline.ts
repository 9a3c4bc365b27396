// Which requests of one client's connection may be under way together (RFC 9112 §9.3.2): those that change nothing. Any other one
// waits for the answers before it, and those behind it wait for its own. It knows no upstream.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { answerUnderWay } from './client-turn.ts';

/** RFC 9110 §9.2.1. */
const SAFE: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
/** Requests of one connection that wait for their turn: few clients pipeline at all, and none needs more. */
const WAITING_LIMIT = 100;

/** How many wait on a connection; one that never had any is not here. */
const waiting = new WeakMap<Socket, number>();

/** `now`: it may go on. `later`: `task` is called in its turn, never when its client leaves before. `full`: too many wait already. */
export function turnOf(req: IncomingMessage, res: ServerResponse, task: () => void): 'now' | 'later' | 'full' {
  const { socket } = req;
  const current = res.socket === null ? answerUnderWay(socket) : null;
  if (current === null) return 'now';
  const before = waiting.get(socket) ?? 0;
  if (before === 0 && SAFE.has(req.method) && SAFE.has(current.req.method)) return 'now';
  if (before >= WAITING_LIMIT) return 'full';
  waiting.set(socket, before + 1);
  res.once('socket', () => {
    waiting.set(socket, (waiting.get(socket) ?? 1) - 1);
    // Node is about to write out what the answer has so far: that is nothing yet.
    process.nextTick(() => {
      if (!res.destroyed) task();
    });
  });
  return 'later';
}
