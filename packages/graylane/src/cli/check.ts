// `graylane check` and `graylane schema`: what a strategy says, without anything running.

import { statSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { analyse, fixPriorities, hasErrors, sarif, schema, type Finding, type Strategy, type StrategyDocument } from '@graylane/rules';
import { editNumbers } from '../config/edit.ts';
import { CONFIG_NAMES, findConfig } from '../config/find.ts';
import { gatewayPlan } from '../config/gateway/section.ts';
import { isReleaseFolder, readJoined, readReleaseFolder, type JoinedDocument, type ReleasePlace } from '../config/releases.ts';
import { placedStrategy } from '../config/strategy.ts';
import { originOf } from '../print/entry.ts';
import { exit, Failure, type Place } from '../print/failure.ts';
import { findingText } from '../print/finding.ts';
import { countText } from '../print/number.ts';
import { version } from '../version.ts';
import { contextOf, type Context, type GlobalOptions } from './context.ts';
import { liveStrategy } from './live.ts';

interface CheckOptions extends GlobalOptions {
  readonly sarif?: boolean;
  readonly live?: boolean;
  readonly fix?: boolean;
}

export function addCheck(program: Command): void {
  program
    .command('check')
    .argument('[file]', 'config or strategy file, or a folder with a release per file; default: the nearest graylane.config.*')
    .description('check a strategy: errors of form at once, then what its releases do to each other, each with a request that shows it')
    .option('--live', 'the live strategy instead of a file')
    .option('--fix', 'reorder priorities so that the narrower audience wins, where that solves it')
    .option('--sarif', 'as SARIF 2.1.0, for code hosts')
    .action(async (file: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CheckOptions>();
      const context = contextOf(options);
      const read = (): Promise<Subject> => (options.live === true ? liveSubject(context) : fileSubject(context.directory, file));
      const subject = await read();
      report(context, options.fix === true && fix(context, subject) ? await read() : subject, options.sarif === true);
    });

  program
    .command('schema')
    .description('print the JSON Schema of the strategy document')
    .action((_options: unknown, command: Command) => {
      contextOf(command.optsWithGlobals<GlobalOptions>()).terminal.object(schemaOfFile());
    });
}

/** The strategy's own, and room for what says how a gateway is run: `graylane check` checks that. */
function schemaOfFile(): Readonly<Record<string, unknown>> {
  const own = schema();
  const properties = own['properties'] as Readonly<Record<string, unknown>>;
  return { ...own, properties: { ...properties, gateway: { type: 'object', description: 'how graylane gateway runs: see docs/gateway.md' } } };
}

/** What is checked, and the way back to its text. */
interface Subject {
  readonly name: string;
  readonly strategy: Strategy;
  readonly place: (pointer: string) => Place;
  readonly releases: readonly ReleasePlace[];
}

async function liveSubject(context: Context): Promise<Subject> {
  const { strategy, revision } = await liveStrategy(context);
  const name = `revision ${revision}`;
  return { name, strategy, place: (pointer) => ({ file: name, pointer }), releases: [] };
}

async function fileSubject(directory: string, given: string | undefined): Promise<Subject> {
  const joined = await readGiven(directory, given);
  const { strategy, gateway, place } = placedStrategy(joined, { runnable: false });
  if (gateway !== undefined || isForGateway(strategy.document)) gatewayPlan({ document: strategy.document, section: gateway, place, base: dirname(joined.file) });
  return { name: joined.file, strategy, place, releases: joined.releases };
}

async function readGiven(directory: string, given: string | undefined): Promise<JoinedDocument> {
  if (given === undefined) return readJoined(requireConfig(directory, given));
  const path = resolve(directory, given);
  const hasConfig = CONFIG_NAMES.some((name) => statSync(resolve(path, name), { throwIfNoEntry: false }) !== undefined);
  return isReleaseFolder(path) && !hasConfig ? readReleaseFolder(path) : readJoined(requireConfig(directory, given));
}

/** Writes new priorities into the subject's files; false when no order solves more. Throws Failure where they cannot be written. */
function fix({ terminal }: Context, { name, strategy, releases }: Subject): boolean {
  const found = fixPriorities(strategy);
  if (found === null) {
    terminal.say('nothing to fix: no other order of priorities solves more than this one');
    return false;
  }
  const wanted = new Map(Object.entries(found.priorities));
  const text = [...wanted].map(([release, priority]) => `${release}: ${priority}`).join(', ');
  const edits = (strategy.document.releases ?? []).flatMap((release, index) => {
    const value = wanted.get(release.name);
    return value === undefined ? [] : [{ place: releases[index], value }];
  });
  const files = [...new Set(edits.map(({ place }) => place?.file))];
  const written = files.every((file) => file !== undefined && editNumbers(file, edits.flatMap(({ place, value }) => (place?.file === file ? [{ keys: [...place.keys, 'priority'], value }] : []))));
  if (!written) throw new Failure({ code: 'GL0089', message: `${name} cannot be rewritten by a program`, fix: `write these priorities: ${text}` });
  terminal.say(`new priorities: ${text}`);
  return true;
}

function report({ terminal, directory }: Context, { name, strategy, place }: Subject, asSarif: boolean): void {
  const findings = analyse(strategy);
  const { services, releases = [] } = strategy.document;
  if (hasErrors(findings)) process.exitCode = exit.usage;
  if (asSarif) {
    terminal.object(sarif(findings, { file: relative(directory, name), version: version(), origin: originOf(strategy.document, null), lineOf: (pointer) => place(pointer).line ?? null, fileOf: (pointer) => relative(directory, place(pointer).file) }));
    return;
  }
  if (terminal.json) terminal.object({ file: name, ok: !hasErrors(findings), findings });
  for (const finding of findings) terminal.data(`${findingText(finding, place, (witness) => originOf(strategy.document, witness))}\n`);
  terminal.data(`${name}: ${countText(Object.keys(services).length, 'service')}, ${countText(releases.length, 'release')}, ${countsText(findings)}`);
}

/** The config file that is meant. Throws Failure when there is none. */
export function requireConfig(directory: string, given: string | undefined): string {
  const path = findConfig(directory, given);
  if (path !== null) return path;
  throw new Failure({ code: 'GL0008', message: `there is no graylane.config.* at or above ${directory}`, fix: 'name a file; of what runs, graylane get > graylane.config.yaml writes one' }, exit.usage);
}

/** Nothing in it could be started: others run its versions. */
function isForGateway({ services }: StrategyDocument): boolean {
  return Object.values(services).every(({ versions }) => Object.values(versions).every(({ script, upstreams }) => script === undefined && upstreams !== undefined));
}

function countsText(findings: readonly Finding[]): string {
  const count = (level: Finding['level']): number => findings.filter((finding) => finding.level === level).length;
  return [countText(count('error'), 'error'), countText(count('warning'), 'warning'), countText(count('info'), 'note')].join(', ');
}
