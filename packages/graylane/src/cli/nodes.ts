// `graylane nodes`: every machine of the fleet with its strategy, how far it is behind, and what is wrong.

import type { Command } from 'commander';
import { table } from '../print/table.ts';
import { contextOf, type GlobalOptions } from './context.ts';
import { liveClient } from './live.ts';

const GLYPHS: Readonly<Record<string, string>> = { ok: '✓', waiting: '·', lagging: '!', starting: '…', failing: '✗' };

export function addNodes(program: Command): void {
  program
    .command('nodes')
    .option('-l, --label <name=value>', 'only machines with this label')
    .description('the machines that follow a server: strategy, lag, health')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { label?: string }>();
      const context = contextOf(options);
      const view = await (await liveClient(context)).nodes();
      const [key = '', value = ''] = options.label?.split('=') ?? [];
      const items = options.label === undefined ? view.items : view.items.filter(({ labels }) => labels[key] === value);
      if (context.terminal.json) context.terminal.object({ ...view, items });
      const rows = items.map(({ name, health, generation, lag, ready, workers, server, labels, problem, entry }) => [
        name, `${GLYPHS[health] ?? ''} ${health}`, `gen ${generation}`, lag === 0 ? '' : `${lag} behind`, `${ready}/${workers} ready`, entry ? '' : 'no entry',
        server === view.leader ? `${server} (leads)` : server, Object.entries(labels).map(([label, text]) => `${label}=${text}`).join(' '), problem,
      ]);
      context.terminal.data(rows.length === 0 ? 'no machines' : table([['machine', 'health', 'strategy', '', 'workers', '', 'server', 'labels', ''], ...rows], context.terminal.columns));
      if (view.held !== null) context.terminal.say(`the newest strategy is not everybody's yet: ${view.held}`);
      if (view.store !== null) context.terminal.say(`! the store does not answer: ${view.store}`);
    });
}
