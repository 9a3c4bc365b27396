// Writes docs/cli.md from the program itself, so that the reference cannot say anything else. Run with --conditions=graylane-source.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildProgram } from '../packages/graylane/src/cli/program.ts';

export const CLI_REFERENCE: string = join(import.meta.dirname, '..', 'docs', 'cli.md');

export function cliReference(): string {
  const program = buildProgram();
  return [
    '# Commands',
    '',
    'Written by `node --conditions=graylane-source tools/cli-reference.ts`; a test fails when it is not up to date.',
    '',
    'Data goes to stdout, messages to stderr. With `--json` stdout has one JSON object and nothing else.',
    '',
    '| exit code | meaning |',
    '|---|---|',
    '| 0 | ok |',
    '| 1 | failed (`diff`: there is a difference) |',
    '| 2 | wrong usage, or an invalid config |',
    '| 3 | the release was rolled back or failed |',
    '| 4 | conflict: somebody else changed it |',
    '| 5 | the supervisor cannot be reached |',
    '| 124 | timed out |',
    '',
    '## Environment',
    '',
    '| variable | meaning |',
    '|---|---|',
    ...Object.entries(VARIABLES).map(([name, meaning]) => `| \`${name}\` | ${meaning} |`),
    '',
    '## Global options',
    '',
    ...optionRows(program),
    ...program.commands.filter((command) => !command.name().startsWith('_')).flatMap((command) => section(command, '##', 'graylane')),
    '',
  ].join('\n');
}

/** Beside those that belong to one option. */
const VARIABLES: Readonly<Record<string, string>> = {
  GRAYLANE_SERVER: 'commands ask this server (`https://host:port`) and not the supervisor of this machine',
  GRAYLANE_TOKEN_FILE: 'a file with the token for it',
  GRAYLANE_SERVER_CA: 'a file with its authority (PEM), if that is none of the system\'s',
  GRAYLANE_SOCKET: 'the control API\'s Unix socket, where `--project` cannot say whose supervisor is meant',
  GRAYLANE_RUN_DIR: 'the folder for the run folders of projects: sockets, logs, state of processes; default `$XDG_RUNTIME_DIR/graylane-UID`, else the same in the temporary folder',
  GRAYLANE_ALLOW_LINK_LOCAL: '`1` takes strategies that name link-local addresses (`GL3024` otherwise)',
  NO_COLOR: 'not empty: no colours; `FORCE_COLOR` wins over it',
};

type Command = ReturnType<typeof buildProgram>;

function section(command: Command, heading: string, parent: string): string[] {
  const name = `${parent} ${command.name()}`;
  const alias = command.aliases().length === 0 ? [] : ['', `Also: \`${parent} ${command.alias()}\`.`];
  const title = name.replace(/^graylane /, '');
  // The program adds `help` to every command that has others.
  const subcommands = command.commands.filter((one) => one.name() !== 'help').flatMap((one) => section(one, `${heading}#`, name));
  return ['', `${heading} ${title}`, '', `\`${`${name} ${command.usage()}`.trim()}\``, '', `${command.description()}.`, ...alias, ...argumentRows(command), ...(command.options.length === 0 ? [] : ['', ...optionRows(command)]), ...subcommands];
}

function argumentRows(command: Command): string[] {
  const described = command.registeredArguments.filter((argument) => argument.description !== '');
  return described.length === 0 ? [] : ['', ...described.map((argument) => `- \`${argument.name()}\`: ${argument.description}`)];
}

function optionRows(command: Command): string[] {
  return ['| option | meaning |', '|---|---|', ...command.options.map((option) => `| \`${option.flags}\` | ${option.description.replaceAll('|', '\\|')}${defaultText(option.defaultValue)}${option.envVar === undefined ? '' : ` (or \`${option.envVar}\`)`} |`)];
}

function defaultText(value: unknown): string {
  return typeof value === 'string' ? ` (default \`${value}\`)` : '';
}

if (import.meta.main) writeFileSync(CLI_REFERENCE, cliReference());

/** What is written down now. */
export function writtenReference(): string {
  return readFileSync(CLI_REFERENCE, 'utf8');
}
