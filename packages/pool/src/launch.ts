// Turning a spec into a running process: paths, environment, descriptors, identity. Knows nothing of what happens next.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { accessSync, closeSync, constants, existsSync, openSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseEnv } from 'node:util';

import { BRIEF_VARIABLE, INSPECT_FLAG } from '@graylane/wire';
import type { WorkerBrief } from '@graylane/wire';

import { errno, StartFailure } from './failure.ts';
import { identityOf } from './os/identity.ts';
import type { FullSpec } from './spec.ts';

/** Standard input, output, error and Node's own IPC channel come first. */
export const FIRST_SLOT_DESCRIPTOR = 4;

/** Nothing of this process's own wiring may reach a worker: NODE_UNIQUE_ID alone would make it a cluster worker. */
const WITHHELD = /^(?:GRAYLANE_.*|NODE_UNIQUE_ID|NODE_CHANNEL_.*|LISTEN_PID|LISTEN_FDS|LISTEN_FDNAMES|NOTIFY_SOCKET)$/;

const ENTRY_SUFFIXES = ['', '.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '.json', '/package.json', '/index.js', '/index.mjs', '/index.cjs'];

/** What is fixed before the process exists. */
export interface LaunchPlan {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly uid: number | null;
  readonly gid: number | null;
}

/** Checks and resolves everything that can be checked without starting a process. Throws StartFailure. */
export function planLaunch(spec: FullSpec, brief: WorkerBrief, agentFile: string, inherited: NodeJS.ProcessEnv): LaunchPlan {
  const cwd = resolveFolder(spec);
  const script = path.resolve(cwd, spec.script);
  if (!ENTRY_SUFFIXES.some((suffix) => existsSync(script + suffix))) {
    throw new StartFailure({ reason: 'script-missing', message: `${spec.service} ${spec.version}: there is no script ${script}`, cure: 'check `script` and `cwd` of this version' });
  }
  const identity = identityOf(spec);
  const ports = brief.listeners[0] === undefined ? {} : { PORT: String(brief.listeners[0].port) };
  return {
    command: spec.interpreter ?? process.execPath,
    args: [...ourFlags(spec), ...spec.nodeFlags, ...(spec.preload ? ['--import', pathToFileURL(agentFile).href] : []), script, ...spec.args],
    cwd,
    env: {
      ...withoutOurs(inherited),
      ...ports,
      ...readEnvFiles(spec, cwd),
      ...spec.env,
      GRAYLANE_VERSION: spec.version,
      GRAYLANE_ROLE: spec.role,
      [BRIEF_VARIABLE]: JSON.stringify(brief),
    },
    uid: identity.uid,
    gid: identity.gid,
  };
}

/** Starts it in a session of its own, its output going straight to `logFile`, so that it outlives this process. */
export function launch(plan: LaunchPlan, logFile: string, descriptors: readonly number[]): ChildProcess {
  const log = openSync(logFile, 'a', 0o640);
  try {
    return spawn(plan.command, plan.args, {
      cwd: plan.cwd,
      env: plan.env,
      detached: true,
      serialization: 'json',
      stdio: ['ignore', log, log, 'ipc', ...descriptors],
      ...(plan.uid === null ? {} : { uid: plan.uid }),
      ...(plan.gid === null ? {} : { gid: plan.gid }),
    });
  } finally {
    closeSync(log);
  }
}

/** Why there is no process: the command cannot be run, or the system would not have one more. */
export function spawnFailure(spec: FullSpec, command: string): StartFailure {
  if (command.includes('/') && isRunnable(command)) {
    return new StartFailure({ reason: 'spawn-failed', message: `${spec.service} ${spec.version}: the system refused to start another process`, cure: 'look at its limits of processes, open files and memory (ulimit -a)' });
  }
  return new StartFailure({ reason: 'interpreter-missing', message: `${spec.service} ${spec.version}: ${command} cannot be run`, cure: 'check `interpreter` of this version' });
}

function isRunnable(command: string): boolean {
  try {
    accessSync(command, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function resolveFolder(spec: FullSpec): string {
  try {
    return realpathSync(spec.cwd);
  } catch (error) {
    throw new StartFailure({ reason: 'cwd-missing', message: `${spec.service} ${spec.version}: there is no folder ${spec.cwd}`, cure: 'check `cwd` of this version', cause: error });
  }
}

function readEnvFiles(spec: FullSpec, cwd: string): Readonly<Record<string, string>> {
  const merged: Record<string, string> = {};
  for (const name of spec.envFile) {
    const file = path.resolve(cwd, name);
    try {
      for (const [variable, value] of Object.entries(parseEnv(readFileSync(file, 'utf8')))) if (value !== undefined) merged[variable] = value;
    } catch (error) {
      throw new StartFailure({ reason: 'env-file-missing', message: `${spec.service} ${spec.version}: the env file ${file} cannot be read (${errno(error)})`, cure: 'check `envFile` of this version', cause: error });
    }
  }
  return merged;
}

/** First, so that the version's own flags win. */
function ourFlags(spec: FullSpec): readonly string[] {
  const heap = spec.heapLimitBytes === null ? [] : [`--max-old-space-size=${Math.max(1, Math.round(spec.heapLimitBytes / 2 ** 20))}`];
  return spec.preload ? [INSPECT_FLAG, ...heap] : heap;
}

function withoutOurs(env: NodeJS.ProcessEnv): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined && !WITHHELD.test(name)) kept[name] = value;
  return kept;
}
