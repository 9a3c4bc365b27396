// User and group names to numbers, from the system's own tables.

import { readFileSync } from 'node:fs';

import { StartFailure } from '../failure.ts';

export interface Identity { readonly uid: number | null; readonly gid: number | null }

/** A user without a group gets that user's own group. Throws `user-unknown`. */
export function identityOf(spec: { readonly user: string | number | null; readonly group: string | number | null }): Identity {
  const user = spec.user === null ? null : find(readTable('/etc/passwd'), spec.user, 'user');
  const group = spec.group === null ? null : find(readTable('/etc/group'), spec.group, 'group');
  if (user !== null && typeof process.geteuid === 'function' && process.geteuid() !== 0 && process.geteuid() !== user.id) {
    throw new StartFailure({ reason: 'user-unknown', message: `only root can start workers as user ${spec.user ?? ''}`, cure: 'run graylane as root, or leave `user` out' });
  }
  return { uid: user?.id ?? null, gid: group?.id ?? user?.group ?? null };
}

interface Row { readonly id: number; readonly group: number | null }

function find(table: readonly string[], wanted: string | number, what: string): Row {
  for (const line of table) {
    const [name, , id, group] = line.split(':');
    if (name !== undefined && id !== undefined && (name === wanted || id === String(wanted))) {
      return { id: Number(id), group: what === 'user' && group !== undefined ? Number(group) : null };
    }
  }
  if (typeof wanted === 'number') return { id: wanted, group: null };
  throw new StartFailure({ reason: 'user-unknown', message: `there is no ${what} ${wanted} on this machine`, cure: `create it, or correct \`${what}\` of this version` });
}

function readTable(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}
