// What becomes of connections that are about to reach a listening socket while it is closed. Knows no slots.

import { readFileSync } from 'node:fs';

/** ip-sysctl, Linux 5.14 and later. */
const SWITCH = '/proc/sys/net/ipv4/tcp_migrate_req';

/** Whether the kernel hands them to another socket of the same port in place of resetting them. `file` says so. */
export function migratesConnections(file: string = SWITCH): boolean {
  try {
    return readFileSync(file, 'latin1').trim() === '1';
  } catch {
    return false;
  }
}
