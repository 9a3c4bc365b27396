// Finds the config file of a project. Reads no content.

import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { exit, Failure } from '../print/failure.ts';

/** In the order in which they are looked for; two in one folder are refused, for nobody would know which one holds. */
export const CONFIG_NAMES = ['graylane.config.ts', 'graylane.config.js', 'graylane.config.mjs', 'graylane.config.json', 'graylane.config.yaml', 'graylane.config.yml'] as const;

/** As a fix shows it to somebody who has none. */
export const SMALLEST_CONFIG = 'graylane.config.yaml: services: { web: { listen: 8080, stable: v1, versions: { v1: { script: ./v1/server.js } } } }';

/** The config file named by `given` (a file or a folder), else the nearest one at or above `from`; null when there is none. */
export function findConfig(from: string, given?: string): string | null {
  if (given !== undefined) return givenConfig(resolve(from, given));
  let folder = resolve(from);
  for (;;) {
    const found = configIn(folder);
    if (found !== null) return found;
    const parent = dirname(folder);
    if (parent === folder) return null;
    folder = parent;
  }
}

function givenConfig(path: string): string {
  if (!existsSync(path)) {
    throw new Failure({ code: 'GL0002', message: `there is no config file ${path}`, fix: 'name a file that is there: a config, or for graylane up the script that starts your server (.js, .mjs, .cjs, .ts)' }, exit.usage);
  }
  const found = configIn(path);
  if (found === null && statSync(path).isDirectory()) {
    throw new Failure({ code: 'GL0008', message: `there is no graylane.config.* in ${path}`, fix: `write one there (${SMALLEST_CONFIG}), or start from scripts: graylane up ./v1/server.js --canary ./v2/server.js` }, exit.usage);
  }
  return found ?? path;
}

function configIn(folder: string): string | null {
  const [first, second] = CONFIG_NAMES.filter((name) => existsSync(join(folder, name)));
  if (first !== undefined && second !== undefined) {
    throw new Failure({ code: 'GL0003', message: `${folder} has both ${first} and ${second}`, fix: `keep one of them, or name it: graylane up -c ${first}` }, exit.usage);
  }
  return first === undefined ? null : join(folder, first);
}
