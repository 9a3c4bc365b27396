// `graylane status`, `workers`, `get`: what runs now. Changes nothing.

import { setTimeout as delay } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { stringify } from 'yaml';
import { countIfGiven } from '../config/options.ts';
import type { Api } from '@graylane/wire';
import { exit, Failure } from '../print/failure.ts';
import { statusText } from '../print/status.ts';
import { table } from '../print/table.ts';
import { contextOf, type GlobalOptions } from './context.ts';
import { liveClient } from './live.ts';
import { timeoutMs, waitUntilSettled } from './wait.ts';

/** As often as a person can read it. */
const WATCH_EVERY_MS = 1_000;

interface StatusOptions extends GlobalOptions {
  readonly watch?: boolean;
  readonly wait?: boolean;
  readonly timeout?: string;
}

export function addStatus(program: Command): void {
  program
    .command('status')
    .argument('[release]', 'only this one')
    .option('-w, --watch', 'again every second, until you stop it')
    .option('--wait', 'until releases on their way have arrived: exit code 0, 3 when one was rolled back or failed, 124 when time is up')
    .option('--timeout <duration>', 'how long to wait, such as 30m; default: as long as it takes')
    .description('want and got of each release, how requests ended, the verdict, what to do next')
    .action(async (release: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<StatusOptions>();
      const context = contextOf(options);
      const client = await liveClient(context);
      if (options.wait === true) {
        process.exitCode = await waitUntilSettled(client, context.terminal, { release: release ?? null, timeoutMs: timeoutMs(options.timeout) });
        return;
      }
      do {
        const status = release === undefined ? await client.status() : onlyOf(release, await client.status());
        if (context.terminal.json) context.terminal.object(status);
        context.terminal.data(`${options.watch === true ? context.terminal.clear : ''}${statusText(status, context.terminal.columns)}`);
        if (options.watch === true) await delay(WATCH_EVERY_MS);
      } while (options.watch === true);
    });

  program
    .command('workers')
    .description('every worker with its state')
    .action(async (_options: unknown, command: Command) => {
      const context = contextOf(command.optsWithGlobals<GlobalOptions>());
      const { items } = await (await liveClient(context)).workers();
      if (context.terminal.json) context.terminal.object(items);
      const rows = items.map((worker) => [
        worker.id, worker.role, String(worker.pid), worker.state, `gen ${worker.generation}`, String(worker.restarts),
        worker.rss === null ? '–' : `${Math.round(worker.rss / 1_048_576)} MB`, worker.inFlight === null ? '–' : String(worker.inFlight),
      ]);
      context.terminal.data(table([['worker', 'role', 'pid', 'state', 'strategy', 'restarts', 'memory', 'in flight'], ...rows], context.terminal.columns));
    });

  program
    .command('get')
    .addOption(new Option('-o, --output <format>', 'json or yaml').choices(['json', 'yaml']).default('yaml'))
    .option('-r, --revision <number>', 'a past revision')
    .description('print the live strategy')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { output: string; revision?: string }>();
      const context = contextOf(options);
      const strategy = await (await liveClient(context)).strategy(countIfGiven('--revision', options.revision, 1));
      if (context.terminal.json) context.terminal.object(strategy);
      context.terminal.data((options.output === 'json' ? JSON.stringify(strategy.document, null, 2) : stringify(strategy.document)).trimEnd());
    });
}

/** What concerns one release: itself, and the versions that it sends users to. Throws Failure when there is none of this name. */
function onlyOf(name: string, status: Api<'Status'>): Api<'Status'> {
  const releases = status.releases.filter((release) => release.name === name);
  if (releases.length === 0) throw new Failure({ code: 'GL3005', message: `there is no release '${name}'`, fix: status.releases.length === 0 ? 'there are none yet: graylane canary DIR' : `name one of: ${status.releases.map((release) => release.name).join(', ')}` }, exit.usage);
  const services = status.services.filter((service) => service.versions.some(({ release }) => release === name));
  return { ...status, releases, services };
}
