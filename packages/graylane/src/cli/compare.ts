// `graylane compare`, `freeze` and `unfreeze`: looking closely at a release, and holding all of them.

import type { Command } from 'commander';
import { comparisonText } from '../print/comparison.ts';
import { exit, Failure } from '../print/failure.ts';
import { contextOf, type GlobalOptions } from './context.ts';
import { liveClient } from './live.ts';

export function addCompare(program: Command): void {
  program
    .command('compare')
    .argument('[release]', 'default: the only one that is live')
    .description('both arms of a release side by side: requests, failures, durations, each guardrail with its interval')
    .action(async (release: string | undefined, _options: unknown, command: Command) => {
      const context = contextOf(command.optsWithGlobals<GlobalOptions>());
      const client = await liveClient(context);
      const comparison = await client.compare(release ?? onlyLive((await client.releases()).items.filter(({ live }) => live).map(({ name }) => name)));
      if (context.terminal.json) context.terminal.object(comparison);
      context.terminal.data(comparisonText(comparison, context.terminal.columns));
    });

  program
    .command('freeze')
    .argument('<reason>', 'shown to everybody who looks')
    .description('hold every automatic step forward of every release; ways back stay open')
    .action(async (reason: string, _options: unknown, command: Command) => {
      const context = contextOf(command.optsWithGlobals<GlobalOptions>());
      await (await liveClient(context)).freeze(reason);
      if (context.terminal.json) context.terminal.object({ frozen: reason });
      context.terminal.data('frozen: no release goes forward by itself; graylane unfreeze lets them');
    });

  program
    .command('unfreeze')
    .description('let automatic steps go on')
    .action(async (_options: unknown, command: Command) => {
      const context = contextOf(command.optsWithGlobals<GlobalOptions>());
      await (await liveClient(context)).freeze(null);
      if (context.terminal.json) context.terminal.object({ frozen: null });
      context.terminal.data('no longer frozen');
    });
}

function onlyLive(names: readonly string[]): string {
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  throw new Failure({ code: 'GL0092', message: `${names.length} releases are live`, fix: only === undefined ? 'name one that is over: graylane compare NAME' : `say which one: ${names.join(', ')}` }, exit.usage);
}
