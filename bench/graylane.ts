// graylane as a contestant: `graylane up` on the same app with a cookie, a header and a percent rule.

import { startUp } from '../conformance/live/up.ts';
import { processTree } from '../conformance/live/processes.ts';
import type { Server } from './server.ts';

export interface GraylaneOptions {
  readonly app: string;
  readonly workers: number;
  readonly percent: number;
  /** Flags for Node in every worker, e.g. to record a profile. */
  readonly nodeFlags?: readonly string[];
}

export async function startGraylane({ app, workers, percent, nodeFlags = [] }: GraylaneOptions): Promise<Server> {
  const version = (build: string): object => ({ script: app, workers, nodeFlags, env: { BUILD: build } });
  const release = {
    name: 'ramp',
    when: [{ cookie: { beta: '1' }, pinned: true }, { header: { 'x-beta': '1' }, pinned: true }, {}],
    percent,
    stickyBy: ['cookie:uid'],
    versions: { web: 'v2' },
  };
  const up = await startUp({ versions: { v1: version('v1'), v2: version('v2') }, releases: [release], exposeRoute: false, host: '127.0.0.1' });
  return { port: up.port, pids: () => processTree(up.pid), stop: up.stop };
}
