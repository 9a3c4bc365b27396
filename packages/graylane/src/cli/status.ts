// `graylane status`, `workers`, `events`, `get`: what runs and what happened. Changes nothing.

import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { stringify } from 'yaml';
import { statusText } from '../print/status.ts';
import { table } from '../print/table.ts';
import { contextOf, type GlobalOptions } from './context.ts';
import { liveClient } from './live.ts';

/** As often as a person can read it. */
const WATCH_EVERY_MS = 1_000;

export function addStatus(program: Command): void {
  program
    .command('status')
    .option('-w, --watch', 'again every second, until you stop it')
    .description('want and got of each release, the workers, what to do next')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { watch?: boolean }>();
      const context = contextOf(options);
      const client = await liveClient(context);
      do {
        const status = await client.status();
        if (context.terminal.json) context.terminal.object(status);
        context.terminal.data(`${options.watch === true ? '\u001b[2J\u001b[H' : ''}${statusText(status, context.terminal.columns)}`);
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
        worker.id, worker.role, String(worker.pid), worker.state, `gen ${worker.generation}`, `${worker.restarts} restarts`,
        worker.rss === null ? '–' : `${Math.round(worker.rss / 1_048_576)} MB`, worker.inFlight === null ? '–' : `${worker.inFlight} in flight`,
      ]);
      context.terminal.data(table([['worker', 'role', 'pid', 'state', 'strategy', 'restarts', 'memory', 'load'], ...rows], context.terminal.columns));
    });

  program
    .command('events')
    .option('-n, --limit <count>', 'how many', '20')
    .description('what happened, and why; the newest last')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { limit: string }>();
      const context = contextOf(options);
      const { items } = await (await liveClient(context)).events({ limit: Number(options.limit) });
      if (context.terminal.json) context.terminal.object(items);
      const rows = [...items].reverse().map((event) => [event.at.slice(0, 19).replace('T', ' '), event.kind, event.subject, `${event.from || '–'} → ${event.to || '–'}`, event.who, event.why]);
      context.terminal.data(table(rows, context.terminal.columns));
    });

  program
    .command('get')
    .option('-o, --output <format>', 'json or yaml', 'yaml')
    .option('-r, --revision <number>', 'a past revision')
    .description('print the live strategy')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { output: string; revision?: string }>();
      const context = contextOf(options);
      const strategy = await (await liveClient(context)).strategy(options.revision === undefined ? undefined : Number(options.revision));
      if (context.terminal.json) context.terminal.object(strategy);
      context.terminal.data((options.output === 'json' ? JSON.stringify(strategy.document, null, 2) : stringify(strategy.document)).trimEnd());
    });
}
