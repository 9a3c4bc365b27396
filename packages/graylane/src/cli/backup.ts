// `graylane backup` and `restore`: a whole copy of strategy, releases, events and tokens, and the way back.

import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { moveStoreAside, readSpare, restoreBackup, spareFile, StoreError, systemClock } from '@graylane/control';
import { findConfig } from '../config/find.ts';
import { placeOf } from '../place.ts';
import { exit, Failure } from '../print/failure.ts';
import { contextOf, type Context, type GlobalOptions } from './context.ts';
import { liveClient } from './live.ts';
import { answers } from './locate.ts';

export function addBackup(program: Command): void {
  program
    .command('backup')
    .argument('[file]', 'default: graylane-<time>.db in this folder')
    .description('write a whole copy of the store while everything runs; it has hashes of tokens and secrets of webhooks in it')
    .action(async (file: string | undefined, _options: unknown, command: Command) => {
      const context = contextOf(command.optsWithGlobals<GlobalOptions>());
      const path = resolve(context.directory, file ?? `graylane-${stamp()}.db`);
      await (await liveClient(context)).backup(path);
      if (context.terminal.json) context.terminal.object({ file: path });
      context.terminal.data(path);
    });

  program
    .command('restore')
    .argument('[file]', 'what graylane backup wrote')
    .option('--last-good', 'instead of a backup: the last good strategy, that graylane keeps beside the store')
    .option('--gateway', 'the store of graylane gateway instead of that of graylane up')
    .description('put a backup in the place of the store; nothing may run on it. What was there is kept beside it')
    .action(async (file: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { gateway?: boolean; lastGood?: boolean }>();
      const context = contextOf(options);
      const { api, state } = placeOf(projectOf(context), context.environment);
      if (await answers(api)) throw new Failure({ code: 'GL0094', message: 'a supervisor runs on this store', fix: 'stop it first: graylane down' }, exit.conflict);
      const store = join(state, options.gateway === true ? 'gateway.db' : 'store.db');
      if ((file === undefined) === (options.lastGood !== true)) throw new Failure({ code: 'GL0099', message: 'say what to restore', fix: 'either a file that graylane backup wrote, or --last-good' }, exit.usage);
      const kept = file === undefined ? setAside(store) : await restored(resolve(context.directory, file), store);
      if (context.terminal.json) context.terminal.object({ store, kept });
      context.terminal.data(`restored ${store}`);
      if (kept !== null) context.terminal.say(`what was there is now ${kept}`);
      context.terminal.say('graylane up goes on from it, with a later generation than any worker has');
    });
}

/** The next start makes the store again from its spare. Throws Failure when there is none. */
function setAside(store: string): string | null {
  if (readSpare(spareFile(store)) === null) throw new Failure({ code: 'GL0095', message: `there is no spare beside ${store} that can be read`, fix: 'restore a backup, or move the store away to start from the config file' });
  return moveStoreAside(store);
}

/** The folder whose store is meant, as `graylane up` there would choose it. */
function projectOf({ directory, project }: Context): string {
  if (project !== undefined) return resolve(directory, project);
  const config = findConfig(directory);
  return config === null ? directory : dirname(config);
}

async function restored(backup: string, store: string): Promise<string | null> {
  try {
    return await restoreBackup(backup, store, systemClock);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const busy = error.failure === 'busy';
    throw new Failure({ code: 'GL0095', message: `the backup was not restored: ${error.message}`, fix: busy ? 'stop what runs on the store: graylane down' : 'take another backup; the store was left as it was' }, busy ? exit.conflict : exit.failed, error);
  }
}

/** Sortable, and harmless in file names. */
function stamp(): string {
  return new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
}
