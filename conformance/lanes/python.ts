// Python for the examples, and what pip has to put beside it; into a folder of this one, never into the machine's own.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** A slow index must not hold up the tests. */
const INSTALL_LIMIT_MS = 60_000;
const folder = join(import.meta.dirname, '.cache/python');

export const pythonMissing: string | false = spawnSync('python3', ['--version']).status === 0 ? false : 'python3 is not installed: apt-get install python3';

export type Packages =
  /** `path` is to be PYTHONPATH. */
  | { readonly kind: 'present'; readonly path: string }
  | { readonly kind: 'absent'; readonly why: string };

/** `requirements` is pip's file, `module` one that is there afterwards. */
export function pythonPackages(requirements: string, module: string): Packages {
  if (pythonMissing !== false) return { kind: 'absent', why: pythonMissing };
  if (!existsSync(join(folder, module))) spawnSync('python3', ['-m', 'pip', 'install', '--quiet', '--retries', '0', '--target', folder, '-r', requirements], { stdio: 'ignore', timeout: INSTALL_LIMIT_MS });
  return existsSync(join(folder, module)) ? { kind: 'present', path: folder } : { kind: 'absent', why: `${module} is not installed: python3 -m pip install --target ${folder} -r ${requirements}` };
}
