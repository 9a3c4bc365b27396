// Asks a running supervisor about its processes, over its Unix socket.

import { request } from 'node:http';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { API_PREFIX } from '@graylane/control';
import type { WorkerStatus } from '@graylane/pool';
import { exit, Failure, type ExitCode } from '../print/failure.ts';
import type { ProcessesView } from '../up/processes.ts';
import type { Context } from './context.ts';
import { placeOf } from '../place.ts';
import { locateApi, projectFolder } from './locate.ts';

/** In a project's state folder. */
const LOGS = 'logs';

interface ProblemBody { readonly code: string; readonly detail: string; readonly fix?: string; readonly lastLines?: readonly string[]; readonly exitCode: ExitCode }

/** Throws Failure with what the supervisor says. A reload may take as long as its workers do, so there is no time limit. */
export async function callProcesses(context: Context, method: 'GET' | 'POST', path: string): Promise<ProcessesView> {
  const socketPath = await locateApi(context);
  const { status, body } = await new Promise<{ status: number; body: string }>((resolve, reject) => {
    const outgoing = request({ socketPath, method, path: `${API_PREFIX}/processes${path}`, headers: { host: 'graylane' }, agent: false }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    outgoing.once('error', (error) => reject(new Failure({ code: 'GL0030', message: `the supervisor has gone: ${error.message}` }, exit.unreachable, error)));
    outgoing.end();
  });
  if (status === 200) return JSON.parse(body) as ProcessesView;
  const { code, detail, fix, lastLines, exitCode } = JSON.parse(body) as ProblemBody;
  throw new Failure({ code, message: detail, fix, output: lastLines }, exitCode);
}

/** The one worker that is meant. Throws Failure with those that there are. */
export async function workerOf(context: Context, id: string): Promise<WorkerStatus> {
  const { workers } = await callProcesses(context, 'GET', '');
  const worker = workers.find((one) => one.id === id || String(one.pid) === id);
  if (worker !== undefined) return worker;
  throw new Failure({ code: 'GL0053', message: `there is no worker ${id}`, fix: `name one of: ${workers.map((one) => one.id).join(', ')}` }, exit.usage);
}

/** Of the project, whether its supervisor runs or not: what has ended is what one wants to read about. Throws Failure where no project is meant and none runs. */
export async function logsFolder(context: Context): Promise<string> {
  const project = context.environment['GRAYLANE_SOCKET'] === undefined ? projectFolder(context) : null;
  const own = project === null ? null : join(placeOf(project, context.environment).state, LOGS);
  return own !== null && existsSync(own) ? own : (await callProcesses(context, 'GET', '')).logs;
}
