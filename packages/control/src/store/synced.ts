// Makes what was written to a file or a folder survive a power cut.

import { closeSync, fsyncSync, openSync } from 'node:fs';

export function synced(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
