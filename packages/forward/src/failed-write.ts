// Keeps a socket whose write failed until it is read out: an upstream may answer early and close, and then a write fails while
// the answer lies here unread. Node destroys such a socket. It knows no HTTP.

import type { Socket } from 'node:net';

/** `reads`: asked when the first write fails; true to keep the socket for reading. */
export function surviveFailedWrite(socket: Socket, reads: () => boolean): void {
  const destroy = (error?: NodeJS.ErrnoException): Socket => {
    Reflect.deleteProperty(socket, 'destroy');
    return error?.syscall === 'write' && reads() ? socket : socket.destroy(error);
  };
  Object.defineProperty(socket, 'destroy', { configurable: true, value: destroy });
}

/** What had arrived before comes in the next turns of the event loop. Calls `done` after it; never on a socket that is paused then. */
export function whenReadOut(socket: Socket, done: () => void): void {
  const { bytesRead } = socket;
  setImmediate(() => setImmediate(() => {
    if (socket.destroyed || socket.isPaused()) return;
    if (socket.bytesRead > bytesRead) whenReadOut(socket, done);
    else done();
  }));
}
