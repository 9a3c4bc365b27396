// `graylane webhook`: who is told of events.

import type { Command } from 'commander';
import { apiSchemas, type Api } from '@graylane/wire';
import { exit, Failure, inert } from '../print/failure.ts';
import { table } from '../print/table.ts';
import { collect } from './collect.ts';
import { contextOf, type GlobalOptions } from './context.ts';
import { liveClient } from './live.ts';

export function addWebhook(program: Command): void {
  const webhook = program.command('webhook').description('who is told of events');
  webhook
    .command('add')
    .argument('<url>')
    .option('--kind <kind>', 'only events of this kind, such as release; may be repeated', collect)
    .description('tell a URL of events, signed; the secret is shown once')
    .action(async (url: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { kind?: readonly string[] }>();
      const context = contextOf(options);
      const kinds = options.kind === undefined ? {} : { kinds: options.kind.map(kindOf) };
      const made = await (await liveClient(context)).createWebhook({ url, ...kinds });
      if (context.terminal.json) context.terminal.object(made);
      context.terminal.data(made.secret);
      context.terminal.say(`${made.id}: the secret signs what is sent (Standard Webhooks) and is not shown again`);
    });
  webhook
    .command('list')
    .description('all webhooks, with the last error of each')
    .action(async (_options: unknown, command: Command) => {
      const context = contextOf(command.optsWithGlobals<GlobalOptions>());
      const { items } = await (await liveClient(context)).webhooks();
      if (context.terminal.json) context.terminal.object(items);
      const rows = items.map(({ id, url, kinds, cursor, failures, lastError }) => [id, url, kinds.length === 0 ? 'all events' : kinds.join(', '), `up to event ${cursor}`, failures === 0 ? 'well' : `✗ ${failures} failures: ${inert(lastError ?? '')}`]);
      context.terminal.data(rows.length === 0 ? 'no webhooks' : table([['id', 'url', 'told of', 'delivered', 'state'], ...rows], context.terminal.columns));
    });
  webhook
    .command('remove')
    .argument('<id>')
    .description('tell a URL no more')
    .action(async (id: string, _options: unknown, command: Command) => {
      const context = contextOf(command.optsWithGlobals<GlobalOptions>());
      await (await liveClient(context)).removeWebhook(id);
      if (context.terminal.json) context.terminal.object({ removed: id });
      context.terminal.data(`removed: ${id}`);
    });
}

const KINDS: readonly Api<'Event'>['kind'][] = apiSchemas.Event.properties.kind.enum;

/** Throws Failure on a word that no event has: nothing would ever be sent. */
function kindOf(given: string): Api<'Event'>['kind'] {
  const kind = KINDS.find((one) => one === given);
  if (kind !== undefined) return kind;
  throw new Failure({ code: 'GL0091', message: `no event is of the kind ${JSON.stringify(given)}`, fix: `one of: ${KINDS.join(', ')}` }, exit.usage);
}
