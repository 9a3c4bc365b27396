// `graylane apply` and `diff`: a whole document against the live strategy. Never silently overwrites what was changed live.

import type { Command } from 'commander';
import { diff } from '@graylane/rules';
import type { Api } from '@graylane/wire';
import { countIfGiven } from '../config/options.ts';
import { readStrategy } from '../config/strategy.ts';
import { appliedText, changesText } from '../print/applied.ts';
import { differenceText } from '../print/difference.ts';
import { originOf } from '../print/entry.ts';
import { exit, Failure } from '../print/failure.ts';
import { countText } from '../print/number.ts';
import { requireConfig } from './check.ts';
import { contextOf, type Context, type GlobalOptions } from './context.ts';
import { liveClient } from './live.ts';

interface ApplyOptions extends GlobalOptions {
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly overwrite?: boolean;
  readonly revision?: string;
  readonly why?: string;
}

export function addStrategy(program: Command): void {
  program
    .command('apply')
    .argument('[file]', 'config or strategy file; default: the nearest graylane.config.*')
    .option('--dry-run', 'say what would change, and change nothing')
    .option('--overwrite', 'also where the live strategy has changes that the file does not have')
    .option('--force', 'also where the analysis finds something unwise')
    .option('--revision <number>', 'only if this is still the live revision')
    .option('--why <text>', 'kept with the revision')
    .description('make a file the live strategy')
    .action(async (file: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ApplyOptions>();
      const context = contextOf(options);
      const revision = countIfGiven('--revision', options.revision, 1);
      const client = await liveClient(context);
      const { document } = await readStrategy(requireConfig(context.directory, file), { runnable: true });
      const difference = await client.difference(document);
      if (difference.live.length > 0 && difference.changes.length > 0 && options.overwrite !== true && options.dryRun !== true) throw overwrites(difference);
      const applied = await client.apply(document, {
        revision: revision ?? difference.revision,
        dryRun: options.dryRun ?? false, force: options.force ?? false, ...(options.why === undefined ? {} : { why: options.why }),
      });
      if (context.terminal.json) context.terminal.object(applied);
      context.terminal.data(appliedText(applied));
    });

  program
    .command('diff')
    .argument('[file]', 'config or strategy file; default: the nearest graylane.config.*')
    .argument('[other]', 'a second file: then both are compared by what they mean for requests')
    .description('what a file would change in the live strategy, or which requests go elsewhere between two files; exit code 1 when anything')
    .action(async (file: string | undefined, other: string | undefined, _options: unknown, command: Command) => {
      const context = contextOf(command.optsWithGlobals<GlobalOptions>());
      if (other !== undefined) {
        await compareFiles(context, requireConfig(context.directory, file), requireConfig(context.directory, other));
        return;
      }
      const { document } = await readStrategy(requireConfig(context.directory, file), { runnable: false });
      const difference = await (await liveClient(context)).difference(document);
      if (context.terminal.json) context.terminal.object(difference);
      context.terminal.data(difference.changes.length === 0 ? 'no difference' : changesText(difference.changes));
      if (difference.changes.length > 0) process.exitCode = exit.failed;
    });
}

async function compareFiles({ terminal }: Context, before: string, after: string): Promise<void> {
  const now = await readStrategy(after, { runnable: false });
  const difference = diff(await readStrategy(before, { runnable: false }), now);
  if (terminal.json) terminal.object(difference);
  terminal.data(differenceText(difference, (witness) => originOf(now.document, witness)));
  if (difference.changes.length > 0 || !difference.complete) process.exitCode = exit.failed;
}

function overwrites({ live }: Api<'Difference'>): Failure {
  return new Failure({
    code: 'GL3021', message: `the live strategy has ${countText(live.length, 'change')} that no file has; this would undo ${live.length === 1 ? 'it' : 'them'}`,
    cause: `since a file was last applied:\n    ${changesText(live).replaceAll('\n', '\n    ')}`,
    fix: 'take them into the file (graylane get prints the live strategy), or apply it with --overwrite',
  }, exit.conflict);
}
