// `graylane init` and `service install`: files that graylane writes for people, never over one that is there.

import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, platform } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { fromEcosystem, launchdPlist, systemdUnits, type UnitFile } from '@graylane/pool';
import { stringify } from 'yaml';
import { findConfig } from '../config/find.ts';
import { readStrategy } from '../config/strategy.ts';
import { exit, Failure } from '../print/failure.ts';
import { placesOf } from '../up/specs.ts';
import { requireConfig } from './check.ts';
import { contextOf, type Context, type GlobalOptions } from './context.ts';

/** Drain plus kill timeout by default, with room to spare. */
const STOP_TIMEOUT_MS = 45_000;

export function addInstall(program: Command): void {
  program
    .command('init')
    .requiredOption('--from <file>', "a process manager's ecosystem file")
    .option('--env <name>', 'which env_* block to take in')
    .description('write graylane.config.yaml from an ecosystem file, and say what needs a person')
    .action((_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { from: string; env?: string }>();
      const context = contextOf(options);
      const { config, notes } = mapped(resolve(context.directory, options.from), options.env ?? null);
      const file = join(context.directory, 'graylane.config.yaml');
      const there = findConfig(context.directory);
      if (there !== null) throw new Failure({ code: 'GL0070', message: `there is ${there} already`, fix: 'move it away first' }, exit.usage);
      writeFileSync(file, stringify(config), { flag: 'wx' });
      if (context.terminal.json) context.terminal.object({ file, notes });
      context.terminal.data(file);
      for (const { app, option, text } of notes) context.terminal.say(`! ${app}: ${option}: ${text}`);
    });

  program
    .command('service')
    .description('run graylane under systemd or launchd')
    .command('install')
    .description('write the units that start it with the machine, on open sockets')
    .argument('[config]', 'config file or folder')
    .option('--name <name>', 'of the unit', 'graylane')
    .option('--user <name>', 'whom it runs as')
    .option('--print', 'print the units instead of writing them')
    .action(async (given: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { name: string; user?: string; print?: boolean }>();
      const context = contextOf(options);
      const file = requireConfig(context.directory, given);
      const units = await unitsFor(file, options.name, options.user ?? null);
      if (options.print === true) context.terminal.data(units.map((unit) => `# ${unit.file}\n${unit.text}`).join('\n'));
      else install(context, units);
    });
}

function mapped(file: string, environment: string | null): ReturnType<typeof fromEcosystem> {
  try {
    return fromEcosystem(createRequire(file)(file), environment, availableParallelism());
  } catch (error) {
    throw new Failure({ code: 'GL0071', message: `${file} cannot be taken over`, cause: error instanceof Error ? error.message.split('\n')[0] : String(error), fix: 'name a .js, .cjs or .json file that exports `apps`' }, exit.usage, error);
  }
}

async function unitsFor(file: string, name: string, user: string | null): Promise<readonly UnitFile[]> {
  const { document } = await readStrategy(file, { runnable: true });
  const places = Object.values(document.services).flatMap((service) => {
    const workers = service.versions[service.stable]?.workers ?? 1;
    return placesOf(service.listen).map((place) => ({ ...place, slots: typeof workers === 'number' ? workers : workers.max }));
  });
  const plan = { name, user, places, description: 'graylane', command: [process.execPath, process.argv[1] ?? 'graylane', 'up', '--config', file], cwd: dirname(file), env: {}, stopTimeoutMs: STOP_TIMEOUT_MS };
  return platform() === 'darwin' ? [launchdPlist(plan)] : systemdUnits(plan);
}

function install({ terminal }: Context, units: readonly UnitFile[]): void {
  const folder = platform() === 'darwin' ? '/Library/LaunchDaemons' : '/etc/systemd/system';
  const there = units.find((unit) => existsSync(join(folder, unit.file)));
  if (there !== undefined) throw new Failure({ code: 'GL0072', message: `${join(folder, there.file)} is there already`, fix: 'remove it, or choose another --name' }, exit.usage);
  for (const unit of units) writeFileSync(join(folder, unit.file), unit.text, { flag: 'wx', mode: 0o644 });
  const [first] = units;
  terminal.data(units.map((unit) => join(folder, unit.file)).join('\n'));
  if (first !== undefined && platform() !== 'darwin') terminal.say(`now: systemctl daemon-reload && systemctl enable --now ${units.map((unit) => unit.file).join(' ')}`);
}
