// `graylane check` and `graylane schema`: what a file says, without anything running.

import { dirname, relative } from 'node:path';
import type { Command } from 'commander';
import { analyse, hasErrors, sarif, schema, type Finding, type StrategyDocument } from '@graylane/rules';
import { findConfig } from '../config/find.ts';
import { gatewayPlan } from '../config/gateway/section.ts';
import { readPlacedStrategy } from '../config/strategy.ts';
import { exit, Failure } from '../print/failure.ts';
import { findingText, ORIGIN } from '../print/finding.ts';
import { version } from '../version.ts';
import { contextOf, type GlobalOptions } from './context.ts';

export function addCheck(program: Command): void {
  program
    .command('check')
    .argument('[file]', 'config or strategy file; default: the nearest graylane.config.*')
    .description('check a strategy: errors of form at once, then what its releases do to each other, each with a request that shows it')
    .option('--sarif', 'as SARIF 2.1.0, for code hosts')
    .action(async (file: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { sarif?: boolean }>();
      const { directory, terminal } = contextOf(options);
      const path = requireConfig(directory, file);
      const { strategy, gateway, place } = await readPlacedStrategy(path, { runnable: false });
      const { services, releases = [] } = strategy.document;
      if (gateway !== undefined || isForGateway(strategy.document)) gatewayPlan({ document: strategy.document, section: gateway, place, base: dirname(path) });
      const findings = analyse(strategy);
      if (options.sarif === true) {
        terminal.object(sarif(findings, { file: relative(directory, path), version: version(), origin: ORIGIN, lineOf: (pointer) => place(pointer).line ?? null }));
        if (hasErrors(findings)) process.exitCode = exit.usage;
        return;
      }
      if (terminal.json) terminal.object({ file: path, ok: !hasErrors(findings), findings });
      for (const finding of findings) terminal.data(`${findingText(finding, place)}\n`);
      terminal.data(`${path}: ${Object.keys(services).length} services, ${releases.length} releases, ${countsText(findings)}`);
      if (hasErrors(findings)) process.exitCode = exit.usage;
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

/** The config file that is meant. Throws Failure when there is none. */
export function requireConfig(directory: string, given: string | undefined): string {
  const path = findConfig(directory, given);
  if (path !== null) return path;
  throw new Failure({ code: 'GL0008', message: `there is no graylane.config.* at or above ${directory}`, fix: 'name a file, or write one: see README.md' }, exit.usage);
}

/** Nothing in it could be started: others run its versions. */
function isForGateway({ services }: StrategyDocument): boolean {
  return Object.values(services).every(({ versions }) => Object.values(versions).every(({ script, upstreams }) => script === undefined && upstreams !== undefined));
}

function countsText(findings: readonly Finding[]): string {
  const count = (level: Finding['level']): number => findings.filter((finding) => finding.level === level).length;
  return `${count('error')} errors, ${count('warning')} warnings, ${count('info')} notes`;
}
