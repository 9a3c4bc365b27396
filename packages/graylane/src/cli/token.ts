// `graylane token`: who may use the API over TCP.

import { Option, type Command } from 'commander';
import { table } from '../print/table.ts';
import { contextOf, type GlobalOptions } from './context.ts';
import { liveClient } from './live.ts';
import { exit, Failure } from '../print/failure.ts';

interface CreateOptions extends GlobalOptions {
  readonly scope: 'node' | 'read' | 'operate' | 'admin';
  readonly days?: string;
}

export function addToken(program: Command): void {
  const token = program.command('token').description('tokens for the API over TCP');
  token
    .command('create')
    .argument('<name>', 'whose it is; events name it')
    .addOption(new Option('--scope <scope>', 'node: a machine that joins (graylane up --server); read: look; operate: also run releases; admin: also tokens, webhooks and backups').choices(['node', 'read', 'operate', 'admin']).default('read'))
    .option('--days <count>', 'until it expires; default: never')
    .description('make a token; it is shown once')
    .action(async (name: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CreateOptions>();
      const context = contextOf(options);
      const days = daysOf(options.days);
      const made = await (await liveClient(context)).createToken({ name, scope: options.scope, ...(days === null ? {} : { days }) });
      if (context.terminal.json) context.terminal.object(made);
      context.terminal.data(made.token);
      context.terminal.say(`${made.name} may ${made.scope}${made.expiresAt === null ? '' : ` until ${made.expiresAt.slice(0, 10)}`}; it is not shown again. To take it back: graylane token revoke ${made.id}`);
    });
  token
    .command('list')
    .description('all tokens, without their secrets')
    .action(async (_options: unknown, command: Command) => {
      const context = contextOf(command.optsWithGlobals<GlobalOptions>());
      const { items } = await (await liveClient(context)).tokens();
      if (context.terminal.json) context.terminal.object(items);
      const rows = items.map(({ id, name, scope, createdAt, expiresAt }) => [id, name, scope, `since ${createdAt.slice(0, 10)}`, expiresAt === null ? 'never expires' : `until ${expiresAt.slice(0, 10)}`]);
      context.terminal.data(rows.length === 0 ? 'no tokens' : table([['id', 'name', 'scope', '', ''], ...rows], context.terminal.columns));
    });
  token
    .command('revoke')
    .argument('<id>')
    .description('take a token back, at once')
    .action(async (id: string, _options: unknown, command: Command) => {
      const context = contextOf(command.optsWithGlobals<GlobalOptions>());
      await (await liveClient(context)).revokeToken(id);
      if (context.terminal.json) context.terminal.object({ revoked: id });
      context.terminal.data(`revoked: ${id}`);
    });
}

/** Throws Failure on what is no number of days. */
function daysOf(given: string | undefined): number | null {
  if (given === undefined) return null;
  const days = Number(given);
  if (given.trim() !== '' && days > 0 && days <= 3_650) return days;
  throw new Failure({ code: 'GL0093', message: `--days ${given} is not a number of days`, fix: 'write a number up to 3650' }, exit.usage);
}
