// graylane as a contestant: `graylane up` on the same app with a cookie, a header and a percent rule.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../conformance/bytes/bare.ts';
import type { Server } from './server.ts';
import { startServer } from './server.ts';

export interface GraylaneOptions {
  readonly app: string;
  readonly folder: string;
  readonly workers: number;
  readonly percent: number;
  /** Flags for Node in every worker, e.g. to record a profile. */
  readonly nodeFlags?: readonly string[];
}

const command = join(import.meta.dirname, '../packages/graylane/bin/graylane.js');

export async function startGraylane({ app, folder, workers, percent, nodeFlags = [] }: GraylaneOptions): Promise<Server> {
  const port = await freePort();
  const version = (build: string): object => ({ script: app, workers, nodeFlags, env: { BUILD: build } });
  const document = {
    services: { web: { listen: `127.0.0.1:${port}`, stable: 'v1', versions: { v1: version('v1'), v2: version('v2') } } },
    releases: [
      {
        name: 'ramp',
        when: [{ cookie: { beta: '1' }, pinned: true }, { header: { 'x-beta': '1' }, pinned: true }, {}],
        percent,
        stickyBy: ['cookie:uid'],
        versions: { web: 'v2' },
      },
    ],
  };
  const file = join(folder, 'graylane.config.json');
  writeFileSync(file, JSON.stringify(document, null, 2));
  return startServer(port, [{ command: process.execPath, args: [command, 'up', '-c', file], env: {}, listens: port }]);
}
