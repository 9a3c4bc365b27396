// Finds out why a plain TCP server opened a public place: the app's own cluster, or HTTP behind a server of another kind.
// In both the hook sits at the wrong place, and a canary would silently get nothing.

import { channel } from 'node:diagnostics_channel';
import { Server } from 'node:net';
import type { Unroutable } from '@graylane/wire';

export type ReportUnroutable = (reason: Unroutable, detail: string, cure: string) => void;

export interface RawServerOptions {
  readonly report: ReportUnroutable;
  /** True for servers whose requests are routed. */
  readonly isGuarded: (server: Server) => boolean;
  readonly port: number;
}

/** To be asked when a plain TCP server is opened at a public place. */
export function examineRawServer({ report, isGuarded, port }: RawServerOptions): void {
  if (hasClusterWorkers()) {
    reportCluster(report, `port ${port} is opened`);
    return;
  }
  const requests = channel('http.server.request.start');
  const watch = (message: unknown): void => {
    const server: unknown = typeof message === 'object' && message !== null ? Reflect.get(message, 'server') : null;
    if (!(server instanceof Server) || isGuarded(server)) return;
    requests.unsubscribe(watch);
    report('raw-connection', `port ${port} is opened by a net.Server that hands its connections to an HTTP server which does not listen itself`, 'let the HTTP server listen(), or run the service with --plane gateway');
  };
  requests.subscribe(watch);
}

/** To be asked while an app has opened nothing: under SCHED_NONE a cluster's sockets pass by every hook. True when it was that. */
export function examineSilentApp(report: ReportUnroutable): boolean {
  const found = hasClusterWorkers();
  if (found) reportCluster(report, 'its ports are opened');
  return found;
}

function reportCluster(report: ReportUnroutable, what: string): void {
  report('cluster', `${what} by the app's own node:cluster, whose workers graylane cannot route`, 'start the app without its cluster and let graylane run the processes: "workers" in the version');
}

function hasClusterWorkers(): boolean {
  const workers: unknown = Reflect.get(process.getBuiltinModule('node:cluster'), 'workers');
  return typeof workers === 'object' && workers !== null && Object.keys(workers).length > 0;
}
