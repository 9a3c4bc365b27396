// `graylane reload`, `scale`, `top`, `logs`: what people do with worker processes.

import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { formatLine, logPlaces, readLogs, type LogQuery } from '@graylane/pool';
import { countOf } from '../config/options.ts';
import { exit, Failure } from '../print/failure.ts';
import { topText } from '../print/top.ts';
import type { ProcessesView } from '../up/processes.ts';
import { contextOf, type GlobalOptions } from './context.ts';
import { callProcesses, logsFolder } from './processes-client.ts';

/** A little more than what lies between two words of a worker. */
const TOP_EVERY_MS = 1_100;
/** Of one version. */
const WORKERS_LIMIT = 1_024;
/** Many times what anybody reads; lines are looked for in the last megabytes of a log. */
const LINES_LIMIT = 100_000;

interface LogOptions extends GlobalOptions {
  readonly follow?: boolean;
  readonly lines: string;
  readonly service?: string;
  readonly version?: string;
  readonly worker?: string;
}

export function addProcesses(program: Command): void {
  program
    .command('reload')
    .argument('[name]', 'service, version or service/version; default: all')
    .description('replace workers one after the other, new ones first; the old ones stay if the new ones fail')
    .action(async (name: string | undefined, _options: unknown, command: Command) => {
      const context = contextOf(command.optsWithGlobals<GlobalOptions>());
      const view = await callProcesses(context, 'POST', `/reload?of=${encodeURIComponent(name ?? 'all')}`);
      if (context.terminal.json) context.terminal.object(view);
      context.terminal.data(`reloaded: ${view.pools.map((pool) => `${pool.id} ${pool.ready}/${pool.wanted} ready`).join(', ')}`);
    });

  program
    .command('scale')
    .argument('<name>', 'version or service/version')
    .argument('<workers>', 'how many')
    .description('run more or fewer workers of a version')
    .action(async (name: string, workers: string, _options: unknown, command: Command) => {
      const context = contextOf(command.optsWithGlobals<GlobalOptions>());
      const view = await callProcesses(context, 'POST', `/scale?of=${encodeURIComponent(name)}&workers=${countOf('<workers>', workers, 0, WORKERS_LIMIT)}`);
      if (context.terminal.json) context.terminal.object(view);
      context.terminal.data(view.pools.map((pool) => `${pool.id} ${pool.ready}/${pool.wanted} ready`).join('\n'));
    });

  program
    .command('top')
    .option('--once', 'what one second shows, then end')
    .description('CPU, memory, event-loop delay, requests in flight and waiting of each worker')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { once?: boolean }>();
      const context = contextOf(options);
      const once = options.once === true;
      const look = (): Promise<ProcessesView> => callProcesses(context, 'GET', '');
      let before = once && !context.terminal.json ? await look() : null;
      do {
        if (before !== null) await delay(TOP_EVERY_MS);
        const now = await look();
        if (context.terminal.json) context.terminal.object(now.workers);
        context.terminal.data(`${once ? '' : '\u001b[2J\u001b[H'}${topText(now, before, context.terminal.columns)}`);
        before = now;
      } while (!once);
    });

  program
    .command('logs')
    .option('-f, --follow', 'go on as lines come')
    .option('-n, --lines <count>', 'how many present lines of each worker', '20')
    .option('--service <name>', 'only this service')
    .option('--version <name>', 'only this version')
    .option('--worker <id>', 'only this worker')
    .description('what the workers wrote to stdout and stderr')
    .action(async (_options: unknown, command: Command) => {
      const { follow, lines, service, version, worker, ...options } = command.optsWithGlobals<LogOptions>();
      const context = contextOf(options);
      const folder = await logsFolder(context);
      const query: LogQuery = { lines: countOf('--lines', lines, 0, LINES_LIMIT), follow: follow ?? false, ...(service === undefined ? {} : { service }), ...(version === undefined ? {} : { version }), ...(worker === undefined ? {} : { worker }) };
      if (follow !== true) requireLogs(folder, query);
      for await (const line of readLogs(folder, query)) {
        if (context.terminal.json) context.terminal.object(line);
        context.terminal.data(formatLine(line, false));
      }
    });
}

/** Throws Failure where a name fits nothing that ever wrote: an empty answer would say that all is quiet. */
function requireLogs(folder: string, query: LogQuery): void {
  const places = logPlaces(folder);
  for (const key of ['service', 'version', 'worker'] as const) {
    const wanted = query[key];
    const known = new Set(places.map((place) => place[key]));
    if (wanted === undefined || known.has(wanted)) continue;
    throw new Failure({ code: 'GL0053', message: `there is no log of a ${key} ${wanted}`, fix: `name one of: ${[...known].sort().join(', ')}` }, exit.usage);
  }
}
