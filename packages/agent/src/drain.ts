// Takes a worker out of service in the order that loses nothing: no new connections, the last response on each one, a
// grace for what is on its way, then the idle ones are closed. It knows servers and time, not who asked.

import type { AppServer } from './app-server.ts';

/** Between the last response and closing an idle connection: a request that was sent before the client knew arrives in it. */
const IDLE_GRACE_MS = 1000;

/** How often what is in flight is counted; each time walks over the open connections. */
const CHECK_MS = 25;

/** A turn of the event loop in which little or nothing was done. */
const SHORT_TURN_MS = 1;
/** A worker that is never idle for that long closes all the same. */
const TURNS_LIMIT = 100;

export interface DrainOptions {
  readonly servers: () => readonly AppServer[];
  readonly graceMs: number;
  readonly now: () => number;
  /** Nothing is in flight any more, or the time is up. */
  readonly drained: () => void;
}

export function drain(options: DrainOptions): void {
  // At once: what is answered from now on ends its connection.
  for (const app of options.servers()) app.connections.lastResponses();
  afterShortTurn(options.now, () => leave(options));
}

/**
 * Whatever is queued in a listening socket is accepted by then: where this process has its last copy, it would be reset. So is what
 * comes in between that turn's accepting and its end, which is why the turn has to be a short one.
 */
function afterShortTurn(now: () => number, then: () => void, turns = TURNS_LIMIT): void {
  setImmediate(() => {
    const began = now();
    setImmediate(() => (turns === 0 || now() - began < SHORT_TURN_MS ? then() : afterShortTurn(now, then, turns - 1)));
  });
}

function leave(options: DrainOptions): void {
  const { servers, graceMs, now, drained } = options;
  const started = now();
  for (const app of servers()) {
    app.stopAccepting();
    app.connections.lastResponses();
  }
  let quietSince = started;
  const check = setInterval(() => {
    const time = now();
    if (inFlight(servers()) > 0) quietSince = time;
    const quiet = time - quietSince >= Math.min(IDLE_GRACE_MS, graceMs / 2);
    if (!quiet && time - started < graceMs) return;
    clearInterval(check);
    for (const app of servers()) {
      app.closeDoor();
      app.connections.closeIdle();
    }
    drained();
  }, CHECK_MS);
}

export function inFlight(servers: readonly AppServer[]): number {
  return servers.reduce((sum, app) => sum + app.connections.inFlight, 0);
}
