// A heap snapshot of a worker that is about to be replaced for its memory, where the spec asks for one. Keeps the newest few.

import { mkdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

import { takeHeapSnapshot } from './diagnostics/take.ts';
import type { Subject } from './diagnostics/open.ts';
import { listDirectory } from './os/processes.ts';

/** One is as large as the heap was; a leak that strikes every hour must not fill the disk. */
const SNAPSHOTS_KEPT = 3;

/** The file it wrote. Throws when the worker does not let itself be looked into. */
export async function lastSnapshot(folder: string, subject: Subject): Promise<string> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, `${subject.id}.heapsnapshot`);
  await takeHeapSnapshot(subject, file);
  const all = listDirectory(folder).map((name) => path.join(folder, name)).sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const old of all.slice(SNAPSHOTS_KEPT)) rmSync(old, { force: true });
  return file;
}
