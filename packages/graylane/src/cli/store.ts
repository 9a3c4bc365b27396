// `graylane store migrate`: from the embedded store to etcd, and back.

import type { Command } from 'commander';
import { copyStore } from '@graylane/control';
import { openStore, type EtcdFlags } from '../config/store.ts';
import { exit, Failure } from '../print/failure.ts';
import { contextOf, type GlobalOptions } from './context.ts';
import { withEtcdFlags } from './etcd-flags.ts';

export function addStore(program: Command): void {
  const store = program.command('store').description('where strategies, releases and events are kept');
  withEtcdFlags(store
    .command('migrate')
    .argument('<from>', 'a file such as .graylane/store.db, or etcd://host:2379/CLUSTER')
    .argument('<to>', 'the same; there must be no strategy in it yet'))
    .description('copy everything that lasts from one store to another, on etcd or in a file; the first one stays')
    .action(async (from: string, to: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & EtcdFlags>();
      const { directory, terminal } = contextOf(options);
      const source = await openStore(from, options, directory);
      try {
        const target = await openStore(to, options, directory);
        try {
          const { entries, strategy } = await copyStore(source, target);
          if (!strategy) throw new Failure({ code: 'GL0086', message: `there is no strategy in ${from}`, fix: 'name the store of a graylane that has run' });
          if (terminal.json) terminal.object({ entries });
          terminal.data(`${entries} entries copied; ${from} is as it was`);
        } finally {
          await target.close();
        }
      } catch (error) {
        if (error instanceof Failure) throw error;
        throw new Failure({ code: 'GL0086', message: error instanceof Error ? error.message : String(error) }, exit.failed, error);
      } finally {
        await source.close();
      }
    });
}
