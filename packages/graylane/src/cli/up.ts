// `graylane up`: this process becomes the anchor that keeps the ports, and starts the supervisor, which is the same command again.

import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { AnchorKeeper, Fleet, runAnchor, type Place } from '@graylane/pool';
import type { ServiceSpec, StrategyDocument } from '@graylane/rules';
import { documentFromScripts, type ScriptOptions } from '../config/scripts.ts';
import { checkStrategy, readSoundStrategy } from '../config/strategy.ts';
import { countOf } from '../config/options.ts';
import { joinPlanFrom, refuseOwn, type JoinFlags } from '../config/join.ts';
import { tcpApiFrom, type TcpApi, type TcpApiOptions } from '../config/tcp-api.ts';
import { findConfig, SMALLEST_CONFIG } from '../config/find.ts';
import { placeOf } from '../place.ts';
import { bannerText } from '../print/banner.ts';
import { eventText } from '../print/event.ts';
import { exit, Failure } from '../print/failure.ts';
import { COMMAND_LINE, originText } from '../print/origin.ts';
import { waitingText } from '../print/waiting.ts';
import { placesOf } from '../up/specs.ts';
import { startSupervisor } from '../up/supervisor.ts';
import { collect } from './collect.ts';
import { contextOf, type Context, type GlobalOptions } from './context.ts';
import { joinServer } from './join.ts';
import { withJoinFlags } from './join-flags.ts';
import { refuseSecond } from './locate.ts';
import { stopSignal } from './stop-signal.ts';

interface UpOptions extends GlobalOptions, TcpApiOptions, JoinFlags, Omit<ScriptOptions, 'script'> {
  readonly config?: string;
  readonly plane: string;
  readonly gateways: string;
}

export function addUp(program: Command): void {
  withJoinFlags(program
    .command('up')
    .argument('[config|script]', 'config file or folder, or the script of the stable version')
    .option('-c, --config <file>', 'config file; default: the nearest graylane.config.*')
    .option('--canary <script>', 'script of the canary version')
    .option('--percent <share>', 'share of users that get the canary, sticky')
    .option('--cookie <name=value>', 'users with this cookie get the canary; may be repeated', collect)
    .option('--header <name=value>', 'requests with this header get the canary; may be repeated', collect)
    .option('--port <port>', 'public port; default: the one that the code asks for; may be repeated', collect)
    .option('--workers <count>', 'workers of stable')
    .option('--service <name>', "the service's name; default: the package's")
    .addOption(new Option('--plane <plane>', 'route inside the processes of stable, or in gateway workers in front').choices(['in-process', 'gateway']).default('in-process'))
    .option('--gateways <count>', 'gateway workers, with --plane gateway', '1')
    .option('--expose-route', 'mark responses with Graylane-Route')
    .addOption(new Option('--api <host:port>', 'open the control API and /metrics on TCP too, for holders of tokens').env('GRAYLANE_API'))
    .option('--api-name <name>', 'host name under which it is asked for; may be repeated; default: the address itself', collect)
    .option('--api-cert <file>', 'certificate chain (PEM); needed beyond this machine')
    .option('--api-key <file>', 'its key (PEM)'))
    .description('run stable and canary behind one port')
    .action(async (given: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<UpOptions>();
      const context = contextOf(options);
      const self = { command: process.execPath, args: process.argv.slice(1) };
      const keeper = AnchorKeeper.find(self, () => context.terminal.say('! the anchor was killed; a new one keeps the ports'));
      const join = joinPlanFrom(options, context.directory);
      if (join !== null) refuseOwn(options, given !== undefined && isScript(given) ? given : null);
      // The folder that scripts are relative to is the config file's, whoever says which of them run.
      if (keeper !== null && join !== null) await joinServer({ ...context, directory: projectOf(context, given, options) }, join, gatewaysOf(options), keeper);
      else if (keeper !== null) await supervise(context, await intentOrLeft(context, given, options), { gateways: gatewaysOf(options), tcpApi: tcpApiFrom(options, context.directory) }, keeper).catch((error: unknown) => giveUp(context, error));
      else process.exitCode = await runAnchor(self, (why, delayMs) => context.terminal.say(`! the supervisor ended (${why}); the next one starts ${delayMs === 0 ? 'now' : `in ${delayMs} ms`}, workers go on`));
    });
}

interface Intent {
  readonly project: string;
  /** Where the document comes from, in words. */
  readonly source: string;
  /** Null: what is stored goes on. */
  readonly document: StrategyDocument | null;
}

/** A file that somebody is editing while a supervisor dies must not keep the next one from the workers that run. */
async function intentOrLeft(context: Context, given: string | undefined, options: UpOptions): Promise<Intent> {
  const project = projectOf(context, given, options);
  if (existsSync(project)) await refuseSecond(project, context.environment);
  try {
    return await intentOf(context, given, options);
  } catch (error) {
    if (!(error instanceof Failure) || !Fleet.hasLeft(placeOf(project, context.environment).run)) throw error;
    context.terminal.failure(error);
    context.terminal.say('! workers of an earlier supervisor run: they go on under the strategy that is stored (correct the file, then: graylane apply)');
    return { project, source: 'the config file', document: null };
  }
}

/** Where a project of this command line lives, whether or not its file can be read. */
function projectOf({ directory }: Context, given: string | undefined, { config }: UpOptions): string {
  const named = config ?? given;
  if (named !== undefined) return isScript(named) ? directory : dirname(resolve(directory, named));
  const file = findConfig(directory, undefined);
  return file === null ? directory : dirname(file);
}

/** What Node can run and no config file is named like. */
function isScript(given: string): boolean {
  return /\.[cm]?[jt]s$/.test(given) && !/graylane\.config\.\w+$/.test(given);
}

async function intentOf(context: Context, given: string | undefined, options: UpOptions): Promise<Intent> {
  if (given !== undefined && isScript(given)) {
    const document = documentFromScripts({ ...options, script: given }, context.directory);
    return { project: context.directory, source: COMMAND_LINE, document: checkStrategy(document, { runnable: true }).document };
  }
  const file = findConfig(context.directory, options.config ?? given);
  if (file === null) {
    throw new Failure({ code: 'GL0008', message: `there is no graylane.config.* at or above ${context.directory}`, fix: `start from scripts: graylane up ./v1/server.js --canary ./v2/server.js --percent 5, or write ${SMALLEST_CONFIG}` }, exit.usage);
  }
  return { project: dirname(file), source: 'the config file', document: (await readSoundStrategy(file, { runnable: true })).document };
}

/** A start that takes longer than most says what it waits for. */
const PATIENCE_MS = 3_000;

/** As many as workers of a version. */
const GATEWAYS_LIMIT = 1_024;

/** Throws Failure on what is no count. */
function gatewaysOf({ plane, gateways }: UpOptions): number {
  const count = countOf('--gateways', gateways, 1, GATEWAYS_LIMIT);
  return plane === 'gateway' ? count : 0;
}

async function supervise(context: Context, { project, source, document }: Intent, { gateways, tcpApi }: { readonly gateways: number; readonly tcpApi: TcpApi | null }, keeper: AnchorKeeper): Promise<void> {
  const { terminal, environment } = context;
  const started = performance.now();
  const stop = stopSignal(terminal);
  const ready = new Set<string>();
  const patience = setTimeout(() => {
    const text = document === null ? null : waitingText(document, ready, performance.now() - started);
    if (text !== null) terminal.say(text);
  }, PATIENCE_MS);
  const supervisor = await startSupervisor({
    place: placeOf(project, environment), document, environment, gateways, tcpApi, keeper, stop,
    onEvent: (event) => {
      if (event.kind === 'worker' && event.worker.state === 'ready') ready.add(`${event.worker.service}/${event.worker.version}`);
      const text = eventText(event);
      if (text !== null) terminal.say(text);
    },
    onFault: (what, error) => terminal.say(`! ${what}: ${error instanceof Error ? error.message : String(error)}`),
  }).finally(() => { clearTimeout(patience); });
  if (supervisor === null) {
    await keeper.goodbye(exit.ok);
    return;
  }

  // Before anybody hears that it is up: from here on its end is answered with a new one.
  keeper.standing();
  const { control, booted } = supervisor;
  const strategy = await control.strategy();
  const inForce = (strategy.document as unknown) as StrategyDocument;
  const facts = { document: inForce, workers: supervisor.workers(), places: (service: string) => declaredOr(supervisor.places(service), inForce.services[service]), tookMs: performance.now() - started, command: commandName(environment), columns: terminal.columns };
  if (terminal.json) terminal.object({ ready: true, generation: strategy.generation, workers: facts.workers, ...(supervisor.tcpPort === null ? {} : { apiPort: supervisor.tcpPort }) });
  terminal.data(bannerText(facts));
  if (supervisor.trouble !== null) terminal.say(`✗ ${supervisor.trouble}`);
  for (const line of originText(booted, source, inForce.releases ?? [])) terminal.say(line);
  if (tcpApi !== null) terminal.say(`control API on ${tcpApi.tls === null ? 'http' : 'https'}://${tcpApi.names[0] ?? tcpApi.host}:${supervisor.tcpPort ?? tcpApi.port}, for holders of a token: graylane token create NAME`);

  await supervisor.ended;
  await keeper.goodbye(exit.ok);
}

/** Workers that were taken over may still run: nothing of theirs may keep this process, so that the next one can take them. */
function giveUp({ terminal }: Context, error: unknown): never {
  process.exit(terminal.failure(error));
}

/** What nobody declared is what the workers opened. */
function declaredOr(opened: readonly Place[], spec: ServiceSpec | undefined): readonly Place[] {
  const declared = placesOf(spec?.listen);
  return declared.length > 0 ? declared : opened;
}

/** As people call it here: through npx where npm runs us. */
function commandName(environment: NodeJS.ProcessEnv): string {
  return environment['npm_execpath'] === undefined ? 'graylane' : 'npx graylane';
}
