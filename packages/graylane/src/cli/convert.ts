// `graylane export` and `graylane import`: strategies as resources of Kubernetes, and back. What cannot be carried over is said.

import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { exportGatewayApi, exportIstio, importEaseMesh, importGatewayApi, importIstio, type ExportProblem, type Imported, type Strategy } from '@graylane/rules';
import { parseAllDocuments, stringify } from 'yaml';
import { readPlacedStrategy } from '../config/strategy.ts';
import { exit, Failure, type Place, type Problem } from '../print/failure.ts';
import { requireConfig } from './check.ts';
import { contextOf, type Context, type GlobalOptions } from './context.ts';
import { liveStrategy } from './live.ts';

const TARGETS = ['gateway-api', 'istio'] as const;
const SOURCES = ['gateway-api', 'istio', 'easemesh'] as const;
/** Resources of one service mesh; more is no such file. */
const FILE_LIMIT_BYTES = 32 * 1024 * 1024;

interface ExportOptions extends GlobalOptions {
  readonly to: (typeof TARGETS)[number];
  readonly live?: boolean;
  readonly gateway: string;
  readonly port: string;
}

interface ImportOptions extends GlobalOptions {
  readonly from: (typeof SOURCES)[number];
  readonly output?: string;
}

export function addConvert(program: Command): void {
  program
    .command('export')
    .argument('[file]', 'config or strategy file; default: the nearest graylane.config.*')
    .addOption(new Option('--to <format>', 'what to write').choices(TARGETS).makeOptionMandatory())
    .option('--live', 'the live strategy instead of a file')
    .option('--gateway <name>', 'the Gateway that HTTPRoutes hang on', 'gateway')
    .option('--port <number>', 'port of the backends (gateway-api)', '80')
    .description('print the releases as HTTPRoutes or VirtualServices that route the same requests the same way; what they cannot say is an error')
    .action(async (file: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ExportOptions>();
      const context = contextOf(options);
      const { strategy, place } = options.live === true ? await liveSource(context) : await readPlacedStrategy(requireConfig(context.directory, file), { runnable: false });
      const { resources, problems } = exported(strategy, options);
      if (problems.length > 0) throw new Failure(problems.map((problem) => problemOf(problem, place)));
      if (context.terminal.json) context.terminal.object({ resources });
      context.terminal.data(resources.map((resource) => stringify(resource)).join('---\n').trimEnd());
    });

  program
    .command('import')
    .argument('<files...>', 'YAML or JSON files with resources')
    .addOption(new Option('--from <format>', 'what the files hold').choices(SOURCES).makeOptionMandatory())
    .option('-o, --output <file>', 'write the document there instead of printing it; never over a file that is there')
    .description('print a strategy that routes as the resources do; exit code 1 with what could not be carried over')
    .action(async (files: readonly string[], _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ImportOptions>();
      const context = contextOf(options);
      const resources = (await Promise.all(files.map((file) => readResources(resolve(context.directory, file))))).flat();
      const { document, problems } = imported(resources, options.from);
      if (Object.keys(document.services).length === 0) throw new Failure({ code: 'GL0078', message: `no resource of ${options.from} is in ${files.join(', ')}`, fix: `--from takes one of ${SOURCES.join(', ')}` }, exit.usage);
      await write(context, stringify(document), options.output);
      if (context.terminal.json) context.terminal.object({ document, problems });
      for (const { resource, problem } of problems) context.terminal.say(`! ${resource}: ${problem}`);
      context.terminal.say('next: add a script to each version, then graylane check');
      if (problems.length > 0) process.exitCode = exit.failed;
    });
}

async function liveSource(context: Context): Promise<{ readonly strategy: Strategy; readonly place: (pointer: string) => Place }> {
  const { strategy, revision } = await liveStrategy(context);
  return { strategy, place: (pointer) => ({ file: `revision ${revision}`, pointer }) };
}

function exported(strategy: Strategy, { to, gateway, port }: ExportOptions): { readonly resources: readonly unknown[]; readonly problems: readonly ExportProblem[] } {
  const number = Number(port);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) throw new Failure({ code: 'GL0079', message: `${JSON.stringify(port)} is not a port`, fix: 'use a number from 1 to 65535' }, exit.usage);
  return to === 'istio' ? exportIstio(strategy) : exportGatewayApi(strategy, { gateway, port: number });
}

function problemOf({ pointer, problem, why }: ExportProblem, place: (pointer: string) => Place): Problem {
  return { code: 'GL0076', message: `${problem}, which the target cannot say`, place: place(pointer), cause: why };
}

function imported(resources: readonly unknown[], from: ImportOptions['from']): Imported {
  switch (from) {
    case 'gateway-api': return importGatewayApi(resources);
    case 'istio': return importIstio(resources);
    case 'easemesh': return importEaseMesh(resources);
  }
}

/** Throws Failure with all syntax errors at once. */
async function readResources(file: string): Promise<readonly unknown[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new Failure({ code: 'GL0002', message: `${file} cannot be read`, cause: error instanceof Error ? error.message : String(error) }, exit.usage, error);
  }
  if (text.length > FILE_LIMIT_BYTES) throw new Failure({ code: 'GL0005', message: `${file} has more than ${FILE_LIMIT_BYTES} bytes` }, exit.usage);
  const documents = parseAllDocuments(text, { prettyErrors: true });
  const parsed = 'empty' in documents ? [] : documents;
  const errors = parsed.flatMap((document) => document.errors);
  if (errors.length > 0) throw new Failure(errors.map((error): Problem => ({ code: 'GL0006', message: error.message.split('\n')[0] ?? '', place: { file, ...(error.linePos === undefined ? {} : { line: error.linePos[0].line, column: error.linePos[0].col }) } })), exit.usage);
  return parsed.map((document): unknown => document.toJS({ maxAliasCount: 0 }));
}

async function write({ terminal, directory }: Context, text: string, output: string | undefined): Promise<void> {
  if (output === undefined) {
    terminal.data(text.trimEnd());
    return;
  }
  try {
    await writeFile(resolve(directory, output), text, { flag: 'wx' });
  } catch (error) {
    throw new Failure({ code: 'GL0075', message: `${output} cannot be written`, cause: error instanceof Error ? error.message : String(error), fix: 'name a file that is not there yet' }, exit.failed, error);
  }
}
