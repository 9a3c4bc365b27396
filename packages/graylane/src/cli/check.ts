// `graylane check` and `graylane schema`: what a file says, without anything running.

import type { Command } from 'commander';
import { schema } from '@graylane/rules';
import { findConfig } from '../config/find.ts';
import { readStrategy } from '../config/strategy.ts';
import { exit, Failure } from '../print/failure.ts';
import { contextOf, type GlobalOptions } from './context.ts';

export function addCheck(program: Command): void {
  program
    .command('check')
    .argument('[file]', 'config or strategy file; default: the nearest graylane.config.*')
    .description('check a strategy: every error at once, with its place')
    .action(async (file: string | undefined, _options: unknown, command: Command) => {
      const { directory, terminal } = contextOf(command.optsWithGlobals<GlobalOptions>());
      const path = requireConfig(directory, file);
      const { document } = await readStrategy(path, { runnable: false });
      const releases = document.releases?.length ?? 0;
      if (terminal.json) terminal.object({ file: path, ok: true, releases });
      terminal.data(`${path}: ${Object.keys(document.services).length} services, ${releases} releases, no errors`);
    });

  program
    .command('schema')
    .description('print the JSON Schema of the strategy document')
    .action((_options: unknown, command: Command) => {
      contextOf(command.optsWithGlobals<GlobalOptions>()).terminal.object(schema());
    });
}

/** The config file that is meant. Throws Failure when there is none. */
export function requireConfig(directory: string, given: string | undefined): string {
  const path = findConfig(directory, given);
  if (path !== null) return path;
  throw new Failure({ code: 'GL0008', message: `there is no graylane.config.* at or above ${directory}`, fix: 'name a file, or write one: see README.md' }, exit.usage);
}
