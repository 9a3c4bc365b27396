// `graylane heap` and `profile`: into one running worker, without a restart.

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { diffHeaps, formatGrowth, parseSnapshot, profileCpu, profileHeap, takeHeapSnapshot } from '@graylane/pool';
import { durationMs } from '@graylane/rules';
import { exit, Failure } from '../print/failure.ts';
import { contextOf, type Context, type GlobalOptions } from './context.ts';
import { workerOf } from './processes-client.ts';

const ROWS = 20;

export function addDiagnose(program: Command): void {
  const heap = program.command('heap').description('what a worker keeps in memory');
  heap
    .command('snapshot')
    .argument('<worker>', 'id or process id')
    .argument('[file]', 'default: <worker>-<time>.heapsnapshot')
    .description('write a heap snapshot, as browsers\' developer tools read it; the worker stands still meanwhile')
    .action(async (id: string, file: string | undefined, _options: unknown, command: Command) => {
      const context = contextOf(command.optsWithGlobals<GlobalOptions>());
      await written(context, file ?? `${id}-${stamp()}.heapsnapshot`, async (path) => takeHeapSnapshot(await workerOf(context, id), path));
    });
  heap
    .command('diff')
    .argument('<earlier>', 'a heap snapshot')
    .argument('<later>', 'one that was taken after it')
    .description('which constructors grew between two snapshots, and what keeps the largest')
    .action(async (earlier: string, later: string, _options: unknown, command: Command) => {
      const { terminal, directory } = contextOf(command.optsWithGlobals<GlobalOptions>());
      const grown = diffHeaps(await snapshotFrom(resolve(directory, earlier)), await snapshotFrom(resolve(directory, later)), ROWS);
      if (terminal.json) terminal.object(grown);
      terminal.data(formatGrowth(grown).trimEnd());
    });

  program
    .command('profile')
    .argument('<kind>', 'cpu or heap')
    .argument('<worker>', 'id or process id')
    .argument('[duration]', 'such as 30s', '10s')
    .option('-o, --output <file>')
    .description('record where a worker spends its time, or what it allocates')
    .action(async (kind: string, id: string, duration: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { output?: string }>();
      const context = contextOf(options);
      const ms = durationMs(duration);
      if (ms === null || (kind !== 'cpu' && kind !== 'heap')) throw new Failure({ code: 'GL0060', message: `profile ${kind} ${duration} is not possible`, fix: 'write: graylane profile cpu WORKER 30s' }, exit.usage);
      const record = kind === 'cpu' ? profileCpu : profileHeap;
      await written(context, options.output ?? `${id}-${stamp()}.${kind}profile`, async (path) => record(await workerOf(context, id), ms, path));
    });
}

async function written({ terminal, directory }: Context, name: string, write: (path: string) => Promise<void>): Promise<void> {
  const path = resolve(directory, name);
  await write(path);
  if (terminal.json) terminal.object({ file: path });
  terminal.data(path);
}

async function snapshotFrom(file: string): Promise<ReturnType<typeof parseSnapshot>> {
  try {
    return parseSnapshot(await readFile(file, 'utf8'));
  } catch (error) {
    throw new Failure({ code: 'GL0061', message: `${file} cannot be read as a heap snapshot`, cause: error instanceof Error ? error.message : String(error), fix: 'take one: graylane heap snapshot WORKER' }, exit.usage, error);
  }
}

/** Sortable, and harmless in file names. */
function stamp(): string {
  return new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
}
