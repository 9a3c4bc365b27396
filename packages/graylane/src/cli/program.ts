// The command line as a whole: global options, the commands in the order of a user's day, and how wrong usage is answered.

import { Command } from 'commander';
import { version } from '../version.ts';
import { addCheck } from './check.ts';
import { addDiagnose } from './diagnose.ts';
import { addDown } from './down.ts';
import { addExplain } from './explain.ts';
import { addGateway } from './gateway.ts';
import { addInstall } from './install.ts';
import { addProcesses } from './processes.ts';
import { addRelease } from './release.ts';
import { addStatus } from './status.ts';
import { addStrategy } from './strategy.ts';
import { addUp } from './up.ts';

export function buildProgram(): Command {
  const program = new Command('graylane')
    .description('Gray (canary) releases for Node.js services: two versions behind one port, each user to the right one')
    .version(version(), '-V, --version')
    .option('--json', 'one JSON object on stdout')
    .option('--verbose', 'show stacks of errors')
    .option('--project <dir>', 'folder of the project whose supervisor is meant')
    .showSuggestionAfterError()
    .showHelpAfterError('(graylane --help lists the commands)')
    .exitOverride();
  for (const add of [addUp, addDown, addStatus, addExplain, addRelease, addStrategy, addCheck, addProcesses, addDiagnose, addInstall, addGateway]) add(program);
  for (const command of program.commands) {
    for (const one of [command, ...command.commands]) one.exitOverride().copyInheritedSettings(program);
  }
  return program;
}
