// A folder for the files of one test, in memory where there is such a place: a test that opens a store five hundred times
// would mostly wait for a disk that has nothing to say. The long form (GRAYLANE_LONG=1) is on the disk.

import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const IN_MEMORY = '/dev/shm';

export function testFolder(name: string): string {
  const parent = process.env['GRAYLANE_LONG'] !== '1' && existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir();
  return mkdtempSync(join(parent, `graylane-${name}-`));
}
