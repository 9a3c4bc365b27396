// `graylane gateway`: a reverse proxy with the strategy, in front of versions that somebody else runs. This process becomes the anchor
// that keeps the ports, and starts the supervisor, which is the same command again.

import { dirname } from 'node:path';
import type { Command } from 'commander';
import { AnchorKeeper, runAnchor } from '@graylane/pool';
import { joinPlanFrom, type JoinFlags, type JoinPlan } from '../config/join.ts';
import type { GatewaySource } from '../config/gateway/section.ts';
import { gatewayPlan } from '../config/gateway/section.ts';
import { readSoundPlaced } from '../config/strategy.ts';
import { placeOf } from '../place.ts';
import { eventText } from '../print/event.ts';
import { exit, Failure, problemText } from '../print/failure.ts';
import { originText } from '../print/origin.ts';
import { asFailure } from '../print/thrown.ts';
import { startBareGateway } from '../up/bare-gateway.ts';
import { requireConfig } from './check.ts';
import { contextOf, type Context, type GlobalOptions } from './context.ts';
import { withFollowFlags } from './join-flags.ts';
import { stopSignal } from './stop-signal.ts';
import { startJoinedGateway } from '../server/joined-gateway.ts';

export function addGateway(program: Command): void {
  withFollowFlags(program
    .command('gateway')
    .argument('[config]', 'config file or folder; its versions name `upstreams`, its `gateway` section the rest'))
    .description('route to versions that run elsewhere: a reverse proxy with the same strategy (TLS, HTTP/2, gRPC, health, mirroring)')
    .action(async (given: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & JoinFlags>();
      const context = contextOf(options);
      const join = joinPlanFrom(options, context.directory);
      const file = requireConfig(context.directory, given);
      const self = { command: process.execPath, args: process.argv.slice(1) };
      const keeper = AnchorKeeper.find(self, () => context.terminal.say('! the anchor was killed; a new one keeps the ports'));
      if (keeper !== null) {
        await (join === null ? supervise(context, file, keeper) : follow(context, file, join, keeper));
        return;
      }
      // Said here, once, and not by one supervisor after the other.
      gatewayPlan(await sourceOf(file));
      process.exitCode = await runAnchor(self, (why, delayMs) => context.terminal.say(`! the supervisor ended (${why}); the next one starts ${delayMs === 0 ? 'now' : `in ${delayMs} ms`}, workers go on`));
    });
}

export async function sourceOf(file: string): Promise<GatewaySource> {
  const { strategy, gateway, place } = await readSoundPlaced(file, { runnable: false });
  return { document: strategy.document, section: gateway, place, base: dirname(file) };
}

async function supervise({ terminal, environment }: Context, file: string, keeper: AnchorKeeper): Promise<void> {
  const stop = stopSignal(terminal);
  const gateway = await startBareGateway({
    place: placeOf(dirname(file), environment), source: () => sourceOf(file), environment, keeper,
    onEvent: (event) => {
      const text = eventText(event);
      if (text !== null) terminal.say(text);
    },
    onFault: (what, error) => terminal.say(`! ${what}: ${error instanceof Error ? error.message : String(error)}`),
  });
  keeper.standing();
  const ports = gateway.places.map(({ port }) => port);
  if (terminal.json) terminal.object({ ready: true, ports });
  terminal.data(`graylane gateway on ${ports.join(', ')}`);
  for (const line of originText(gateway.booted, 'the config file')) terminal.say(line);
  process.on('SIGUSR2', () => {
    gateway.reload().then(() => terminal.say('reloaded'), (error: unknown) => terminal.say(`! nothing was reloaded: ${messageOf(error)}`));
  });
  void stop.then(() => gateway.down());
  await gateway.ended;
  await keeper.goodbye(exit.ok);
}

/** The same under a server's strategy. */
async function follow({ terminal, environment }: Context, file: string, { servers, name, labels, credentials }: JoinPlan, keeper: AnchorKeeper): Promise<void> {
  const stop = stopSignal(terminal);
  const gateway = await startJoinedGateway({
    place: placeOf(dirname(file), environment), source: () => sourceOf(file), environment, keeper, servers, name, labels, credentials,
    onEvent: (event) => {
      const text = eventText(event);
      if (text !== null) terminal.say(text);
    },
    onFault: (what, error) => terminal.say(`! ${what}: ${messageOf(error)}`),
    say: (line) => terminal.say(line),
  });
  keeper.standing();
  const ports = gateway.places.map(({ port }) => port);
  if (terminal.json) terminal.object({ ready: true, ports, node: name, generation: gateway.generation() });
  terminal.data(`graylane gateway ${name} on ${ports.join(', ')}, following ${servers.join(', ')}`);
  process.on('SIGUSR2', () => {
    gateway.reload().then(() => terminal.say('reloaded'), (error: unknown) => terminal.say(`! nothing was reloaded: ${messageOf(error)}`));
  });
  await stop;
  await gateway.down();
  await keeper.goodbye(exit.ok);
}

function messageOf(error: unknown): string {
  const thrown = asFailure(error);
  if (thrown instanceof Failure) return thrown.problems.map(problemText).join('\n');
  return thrown instanceof Error ? thrown.message : String(thrown);
}
