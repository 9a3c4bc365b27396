// Programs that tests and benchmarks need beyond npm: installed where we are root on Debian, named with the command elsewhere.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type Presence =
  | { readonly kind: 'present' }
  /** `why` is a sentence for the user that ends in the command to run. */
  | { readonly kind: 'absent'; readonly missing: readonly string[]; readonly why: string };

/** Debian keeps servers in sbin, which not every PATH has. */
const PROGRAM_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/sbin'];
/** Debian's switch that keeps a fresh package from starting its service. */
const NO_SERVICES = '/usr/sbin/policy-rc.d';
const INSTALL_LIMIT_MS = 180_000;

/** The path of a program, or null. */
export function findProgram(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(':'), ...PROGRAM_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

/** Programs whose package has the same name. Installs what is missing when it may; never starts a service. */
export function ensureDebian(programs: readonly string[]): Presence {
  if (missingOf(programs).length === 0) return { kind: 'present' };
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) install(missingOf(programs));
  const missing = missingOf(programs);
  if (missing.length === 0) return { kind: 'present' };
  return { kind: 'absent', missing, why: `${missing.join(', ')} not installed; on Debian run: sudo apt-get install -y ${missing.join(' ')}` };
}

function missingOf(programs: readonly string[]): readonly string[] {
  return programs.filter((program) => findProgram(program) === null);
}

function install(packages: readonly string[]): void {
  const ownPolicy = !existsSync(NO_SERVICES);
  if (ownPolicy) writeFileSync(NO_SERVICES, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const options = { stdio: 'ignore', timeout: INSTALL_LIMIT_MS, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const;
    const installed = spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
    if (installed.status === 0) return;
    // An image without package lists: fetch them and try once more.
    spawnSync('apt-get', ['update', '-qq'], options);
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
  } finally {
    if (ownPolicy) rmSync(NO_SERVICES, { force: true });
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
