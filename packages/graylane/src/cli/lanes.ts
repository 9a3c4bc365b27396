// `graylane lanes` and `graylane override`: which version each lane gets at each service, and a signed wish for one lane.

import type { Command } from 'commander';
import { durationMs, OVERRIDE_NAME } from '@graylane/rules';
import { readStrategy } from '../config/strategy.ts';
import { entriesOf } from '../print/entry.ts';
import { exit, Failure } from '../print/failure.ts';
import { lanesOf, lanesText } from '../print/lanes.ts';
import { requireConfig } from './check.ts';
import { contextOf, type GlobalOptions } from './context.ts';
import { liveClient, liveStrategy } from './live.ts';

/** As people write it where a release's name stands. */
const STABLE = 'stable';

export function addLanes(program: Command): void {
  program
    .command('lanes')
    .option('-c, --config <file>', 'of this file instead of the live strategy')
    .description('which version each lane gets at each service')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { config?: string }>();
      const context = contextOf(options);
      const { document } = options.config === undefined ? await liveStrategy(context) : await readStrategy(requireConfig(context.directory, options.config), { runnable: false });
      if (context.terminal.json) context.terminal.object(lanesOf(document));
      context.terminal.data(lanesText(document, context.terminal.columns));
    });

  program
    .command('override')
    .argument('<lane>', `a release of the live strategy, or \`${STABLE}\``)
    .option('--for <duration>', 'how long it holds, 30d at most', '1h')
    .description('a link and a header that put one browser or request into a lane')
    .action(async (lane: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { for: string }>();
      const context = contextOf(options);
      const ms = durationMs(options.for);
      if (ms === null || ms < 1000) throw new Failure({ code: 'GL0060', message: `--for ${options.for} is no duration`, fix: 'write 30m, 1h or 7d' }, exit.usage);
      const { document } = await liveStrategy(context);
      const isRelease = (document.releases ?? []).some(({ name }) => name === lane);
      const override = await (await liveClient(context)).override(lane === STABLE && !isRelease ? '' : lane, ms / 1000);
      const links = entriesOf(document).map((entry) => `${entry}/?${OVERRIDE_NAME}=${override.token}`);
      if (context.terminal.json) context.terminal.object({ ...override, links });
      context.terminal.data([`lane ${override.lane === '' ? STABLE : override.lane} until ${override.expires}`, ...links.map((link) => `  link    ${link}`), `  header  ${OVERRIDE_NAME}: ${override.token}`].join('\n'));
    });

  program
    .command('rotate-keys')
    .description('change the key of stamps and overrides; what the one before has signed holds until the next change')
    .action(async (_options: unknown, command: Command) => {
      const context = contextOf(command.optsWithGlobals<GlobalOptions>());
      await (await liveClient(context)).rotateKeys();
      if (context.terminal.json) context.terminal.object({ rotated: true });
      context.terminal.data('every worker signs with a new key now');
    });
}
