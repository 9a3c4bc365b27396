// The control API of a running supervisor, on its Unix socket.

import { apiApp, listenOnSocket, socketGuard, systemClock, type ControlPlane, type Listening } from '@graylane/control';

export function serveApi(plane: ControlPlane, socket: string): Promise<Listening> {
  return listenOnSocket(apiApp({ plane, clock: systemClock, guard: socketGuard }), socket);
}
