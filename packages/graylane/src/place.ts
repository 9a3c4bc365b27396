// Where a project's supervisor keeps its things: the store beside the config, the sockets in a short private folder.

import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { exit, Failure } from './print/failure.ts';

export interface Place {
  /** The folder of the config file, or the one that `graylane up SCRIPT` was called in. */
  readonly project: string;
  /** Store, logs, last strategy: outlives the machine's restart. */
  readonly state: string;
  /** Sockets and what belongs to this boot; short, for a Unix path ends at about 100 bytes. */
  readonly run: string;
  /** The control API. */
  readonly api: string;
  /** Where agents reach the supervisor, from the first moment of its start on. */
  readonly control: string;
}

/** A Unix socket path must fit into sockaddr_un (104 bytes on macOS, 108 on Linux) with a worker's name behind the folder. */
const RUN_PATH_LIMIT_BYTES = 60;

export function placeOf(project: string, environment: NodeJS.ProcessEnv): Place {
  const real = realpathSync(project);
  const hash = createHash('sha256').update(real).digest('hex').slice(0, 10);
  const run = join(runRoot(environment), hash);
  if (Buffer.byteLength(run) > RUN_PATH_LIMIT_BYTES) {
    throw new Failure({ code: 'GL0010', message: `the folder for sockets has too long a path: ${run}`, fix: 'set GRAYLANE_RUN_DIR to a short one, e.g. /run/graylane' }, exit.usage);
  }
  return { project: real, state: join(real, '.graylane'), run, api: join(run, 'api.sock'), control: join(run, 'control.sock') };
}

/** The folder that holds one run folder a project. */
export function runRoot(environment: NodeJS.ProcessEnv): string {
  const { uid } = userInfo();
  return environment['GRAYLANE_RUN_DIR'] ?? join(environment['XDG_RUNTIME_DIR'] ?? tmpdir(), `graylane-${uid}`);
}

/** Makes the folders, for this user alone; workers of another user may have been let through, to what is theirs. A folder that somebody else made in a shared place is refused. */
export function preparePlace(place: Place, environment: NodeJS.ProcessEnv): void {
  mkdirSync(place.state, { recursive: true, mode: 0o700 });
  for (const folder of [runRoot(environment), place.run]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stat = lstatSync(folder);
    if (!stat.isDirectory() || (stat.uid !== userInfo().uid && userInfo().uid !== -1) || (stat.mode & 0o066) !== 0) {
      throw new Failure({ code: 'GL0011', message: `${folder} is not a private folder of this user`, fix: `remove it, or set GRAYLANE_RUN_DIR to a folder of your own (mode 0700)` });
    }
  }
}
