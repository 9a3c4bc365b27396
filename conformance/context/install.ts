// Puts the libraries of these tests into this folder, from its own lock file and without install scripts. As a program it is a
// step of `npm test` before all tests: two installations at once would take each other's files away.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const INSTALL_LIMIT_MS = 120_000;
const marker = join(import.meta.dirname, 'node_modules/.package-lock.json');

/** False when they are there, otherwise why not: a sentence for `skip`. */
export function librariesMissing(): string | false {
  if (existsSync(marker)) return false;
  spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--workspaces=false'], { cwd: import.meta.dirname, stdio: 'ignore', timeout: INSTALL_LIMIT_MS });
  return existsSync(marker) ? false : 'the client libraries are not installed: run npm ci --ignore-scripts in conformance/context';
}

if (import.meta.main) {
  const missing = librariesMissing();
  if (missing !== false) console.log(missing);
}
