// `graylane gateway`: a reverse proxy with the strategy, in front of versions that somebody else runs.

import { dirname } from 'node:path';
import type { Command } from 'commander';
import { readSoundStrategy } from '../config/strategy.ts';
import { placeOf } from '../place.ts';
import { startBareGateway } from '../up/bare-gateway.ts';
import { placesOf } from '../up/specs.ts';
import { requireConfig } from './check.ts';
import { contextOf, type GlobalOptions } from './context.ts';

export function addGateway(program: Command): void {
  program
    .command('gateway')
    .argument('[config]', 'config file or folder; its versions name `upstreams`')
    .description('route to versions that run elsewhere: a reverse proxy with the same strategy')
    .action(async (given: string | undefined, _options: unknown, command: Command) => {
      const { directory, environment, terminal } = contextOf(command.optsWithGlobals<GlobalOptions>());
      const file = requireConfig(directory, given);
      const { document } = await readSoundStrategy(file, { runnable: false });
      const gateway = await startBareGateway(document, placeOf(dirname(file), environment), environment);
      const ports = Object.values(document.services).flatMap(({ listen }) => placesOf(listen)).map(({ port }) => port);
      if (terminal.json) terminal.object({ ready: true, ports });
      terminal.data(`graylane gateway on ${ports.join(', ')}`);
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void gateway.down());
      await gateway.ended;
    });
}
