// Which running supervisor does a command mean: that of the project it is called in; outside of any project the only one that runs.

import { existsSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { findConfig } from '../config/find.ts';
import { placeOf, runRoot } from '../place.ts';
import { exit, Failure } from '../print/failure.ts';
import type { Context } from './context.ts';

/** Path of the control API's socket. Throws Failure (exit code 5) when no supervisor answers. */
export async function locateApi(context: Context): Promise<string> {
  const named = context.environment['GRAYLANE_SOCKET'];
  if (named !== undefined) return named;
  const project = projectFolder(context);
  if (project !== null) {
    const { api, control } = placeOf(project, context.environment);
    if (await answers(api)) return api;
    if (await answers(control)) throw unreachable(`graylane up is still starting for ${project}`, 'wait for it: its terminal says when it is ready, and what it waits for; Ctrl-C there ends it');
    // Never another project's: `graylane down` would end what nobody here has started.
    throw unreachable(`no supervisor runs for ${project}`, 'start it: graylane up; another project is named by --project DIR');
  }
  const running = await runningApis(context.environment);
  if (running.length === 1 && running[0] !== undefined) return running[0];
  throw running.length === 0
    ? unreachable(`no supervisor is running, for ${context.directory} or another folder`)
    : unreachable(`${running.length} supervisors are running, and ${context.directory} is in none of their projects`, 'say which one: --project DIR');
}

/** The folder whose supervisor is meant by being there, or null. */
export function projectFolder({ directory, environment, project }: Context): string | null {
  if (project !== undefined) {
    const folder = resolve(directory, project);
    if (existsSync(folder)) return folder;
    throw new Failure({ code: 'GL0002', message: `there is no folder ${folder}`, fix: 'name the folder of the config file: --project DIR' }, exit.usage);
  }
  // `graylane up SCRIPT` has no config file; its folder is the one it was called in, also while it starts and when it has ended.
  const { run, state } = placeOf(directory, environment);
  if (existsSync(run)) return directory;
  const config = findConfig(directory);
  if (config !== null) return dirname(config);
  return existsSync(state) ? directory : null;
}

/** Throws Failure when `graylane up` runs for the project already: what is asked for would come to nothing. */
export async function refuseSecond(project: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const { control } = placeOf(project, environment);
  if (await answers(control)) throw new Failure({ code: 'GL2012', message: `graylane up already runs for ${project}`, fix: 'graylane status shows it, graylane apply and graylane canary change it, graylane down ends it' });
}

async function runningApis(environment: NodeJS.ProcessEnv): Promise<string[]> {
  const root = runRoot(environment);
  if (!existsSync(root)) return [];
  const sockets = readdirSync(root).map((folder) => join(root, folder, 'api.sock'));
  const alive = await Promise.all(sockets.map(answers));
  return sockets.filter((_, index) => alive[index]);
}

/** A socket file outlives a killed supervisor, so only a connection proves anything. */
export function answers(socket: string): Promise<boolean> {
  return new Promise((done) => {
    const probe = connect(socket);
    probe.once('connect', () => { probe.destroy(); done(true); });
    probe.once('error', () => done(false));
  });
}

function unreachable(message: string, fix = 'start one: graylane up'): Failure {
  return new Failure({ code: 'GL0030', message, fix }, exit.unreachable);
}
