// The command's entry: reads argv, runs one command, leaves with its exit code.

import { leaveInitToShell } from '@graylane/pool';
import { CommanderError } from 'commander';
import { contextOf, type GlobalOptions } from './cli/context.ts';
import { buildProgram } from './cli/program.ts';
import { exit } from './print/failure.ts';

leaveInitToShell(process);
const program = buildProgram();
// A reader that has seen enough (`graylane events | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? exit.ok : exit.failed));

try {
  await program.parseAsync(withShortVersion(process.argv));
} catch (error) {
  process.exitCode = error instanceof CommanderError ? usageCode(error) : contextOf(program.opts<GlobalOptions>()).terminal.failure(error);
}

/** `graylane --version`, as everybody types it. */
function withShortVersion(argv: readonly string[]): string[] {
  return argv.map((argument, at) => (at === 2 && argument === '--version' ? '-V' : argument));
}

/** Help and version are answers, everything else that commander ends with is wrong usage. */
function usageCode(error: CommanderError): number {
  return error.exitCode === 0 ? exit.ok : exit.usage;
}
