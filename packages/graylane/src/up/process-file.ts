// Which process is the supervisor of a run folder, so that `graylane down` can ask it to end even when its API hangs.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAME = 'supervisor.pid';

export function writeProcessFile(run: string, pid: number): void {
  writeFileSync(join(run, NAME), `${pid}\n`, { mode: 0o600 });
}

export function removeProcessFile(run: string): void {
  rmSync(join(run, NAME), { force: true });
}

/** Null when none is written or what is written is no process id. */
export function readProcessFile(run: string): number | null {
  try {
    const pid = Number(readFileSync(join(run, NAME), 'utf8'));
    return Number.isInteger(pid) && pid > 1 ? pid : null;
  } catch {
    return null;
  }
}
