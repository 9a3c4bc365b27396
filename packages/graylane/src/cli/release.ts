// `graylane canary`, `split`, `rollback` and the other verbs: what people do to one release.

import type { Command } from 'commander';
import type { LookAhead, Verb } from '@graylane/control';
import type { Api } from '@graylane/wire';
import { countIfGiven } from '../config/options.ts';
import { canaryFrom, type CanaryOptions } from '../config/canary.ts';
import { appliedText } from '../print/applied.ts';
import { collect } from './collect.ts';
import { contextOf, type Context, type GlobalOptions } from './context.ts';
import { liveClient, liveStrategy } from './live.ts';

const verbs: Readonly<Record<string, { readonly verb: Verb; readonly about: string; readonly alias?: string }>> = {
  start: { verb: 'start', about: 'begin a pending release, or one that was rolled back' },
  pause: { verb: 'pause', about: 'hold a release at its share' },
  resume: { verb: 'resume', about: 'let a paused release go on' },
  rollback: { verb: 'rollback', about: 'everyone back on stable, at once', alias: 'abort' },
};

const DRY_RUN = ['--dry-run', 'say what would change, and change nothing'] as const;

export function addRelease(program: Command): void {
  program
    .command('canary')
    .argument('<path>', 'folder or script of the new version')
    .option('--service <name>', 'default: the only one')
    .option('--name <version>', "the version's name; default: the folder's")
    .option('--release <name>', "the release's name; default: the version's")
    .option('--percent <share>', 'share of users, sticky; default 5')
    .option('--cookie <name=value>', 'users with this cookie are in at any share; may be repeated', collect)
    .option('--header <name=value>', 'requests with this header are in at any share; may be repeated', collect)
    .option(...DRY_RUN)
    .description('add a version and a release for it while everything runs')
    .action(async (path: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CanaryOptions & GlobalOptions & LookAhead>();
      const context = contextOf(options);
      const { document } = await liveStrategy(context);
      const canary = canaryFrom(path, options, document, context.directory);
      done(context, await (await liveClient(context)).canary(canary, lookAhead(options)));
    });

  program
    .command('split')
    .argument('<release>')
    .argument('<percent>', 'such as 20%, +10% or -5%')
    .option('--revision <number>', 'only if this is still the live revision')
    .option(...DRY_RUN)
    .description('set or change the share of users that get the canary')
    .allowUnknownOption()
    .action(async (release: string, percent: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & LookAhead & { revision?: string }>();
      const context = contextOf(options);
      done(context, await (await liveClient(context)).split(release, percent, countIfGiven('--revision', options.revision, 1) ?? null, lookAhead(options)));
    });

  program
    .command('promote')
    .argument('<release>')
    .option('--full', 'make its versions stable now, whatever steps are left')
    .option('--step <number>', 'the step in hand as status shows it: makes a repeated call harmless')
    .option('--why <text>', 'kept with the event')
    .option(...DRY_RUN)
    .description('go on to the next step of the plan')
    .action(async (release: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & LookAhead & { full?: boolean; step?: string; why?: string }>();
      const context = contextOf(options);
      const verb = options.full === true ? 'promote-full' : 'promote';
      // People count from one, as status does; the API from zero.
      const step = countIfGiven('--step', options.step, 1);
      done(context, await (await liveClient(context)).verb(release, verb, { ...why(options), ...(step === undefined ? {} : { step: step - 1 }) }, lookAhead(options)));
    });

  for (const [name, { verb, about, alias }] of Object.entries(verbs)) {
    const added = program
      .command(name)
      .argument('<release>')
      .option('--why <text>', 'kept with the event')
      .option(...DRY_RUN)
      .description(about)
      .action(async (release: string, _options: unknown, command: Command) => {
        const options = command.optsWithGlobals<GlobalOptions & LookAhead & { why?: string }>();
        const context = contextOf(options);
        done(context, await (await liveClient(context)).verb(release, verb, why(options), lookAhead(options)));
      });
    if (alias !== undefined) added.alias(alias);
  }
}

function lookAhead({ dryRun }: LookAhead): LookAhead {
  return dryRun === undefined ? {} : { dryRun };
}

function why(options: { readonly why?: string }): { why?: string } {
  return options.why === undefined ? {} : { why: options.why };
}

function done({ terminal }: Context, applied: Api<'Applied'>): void {
  if (terminal.json) terminal.object(applied);
  terminal.data(appliedText(applied));
}
