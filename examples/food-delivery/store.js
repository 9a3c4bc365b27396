// A service's own store: one file, a line for each thing that happened.

import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

export function openStore(file) {
  mkdirSync(dirname(file), { recursive: true });
  return { add: (what) => appendFileSync(file, `${JSON.stringify(what)}\n`) };
}
