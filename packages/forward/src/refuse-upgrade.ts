// Answers an upgrade that goes nowhere. It knows no upstream.

import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { meaning } from './failure.ts';
import type { Failure } from './failure.ts';
import { ownText } from './own-answer.ts';

/** `what` is said to the client; null just ends its connection. */
export function refuseUpgrade(socket: Duplex, what: Failure | null): void {
  if (what === null || socket.destroyed) {
    socket.destroy();
    return;
  }
  const { status } = meaning(what.reason);
  socket.end(ownText(what, STATUS_CODES[status] ?? 'Error'), 'latin1', () => socket.destroy());
}
