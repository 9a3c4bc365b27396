// The command line as a whole: global options, the commands in the order of a user's day, and how wrong usage is answered.

import { Command } from 'commander';
import { version } from '../version.ts';
import { addBackup } from './backup.ts';
import { addCheck } from './check.ts';
import { addConvert } from './convert.ts';
import { addCompare } from './compare.ts';
import { addDiagnose } from './diagnose.ts';
import { addDown } from './down.ts';
import { addEvents } from './events.ts';
import { addExplain } from './explain.ts';
import { addGateway } from './gateway.ts';
import { addInspect } from './inspect.ts';
import { addInstall } from './install.ts';
import { addLanes } from './lanes.ts';
import { addProcesses } from './processes.ts';
import { addRelease } from './release.ts';
import { addNodes } from './nodes.ts';
import { addServer } from './server.ts';
import { addSidecar } from './sidecar.ts';
import { addStatus } from './status.ts';
import { addStore } from './store.ts';
import { addStrategy } from './strategy.ts';
import { addToken } from './token.ts';
import { addTest } from './test.ts';
import { addUp } from './up.ts';
import { addWebhook } from './webhook.ts';

export function buildProgram(): Command {
  const program = new Command('graylane')
    .description('Gray (canary) releases for Node.js services: two versions behind one port, each user to the right one')
    // Its long form would be taken from `logs --version v2`: options of the program are known behind a command too.
    .version(version(), '-V', 'show the version (also --version, alone)')
    .option('--json', 'one JSON object on stdout')
    .option('--verbose', 'show stacks of errors')
    .option('--project <dir>', 'folder of the project whose supervisor is meant')
    .showSuggestionAfterError()
    .showHelpAfterError('  fix: graylane --help lists the commands')
    .configureOutput({ outputError: (text, write) => { write(text.replace(/^error: /, 'GL0009 ')); } })
    .exitOverride();
  for (const add of [addUp, addDown, addStatus, addEvents, addExplain, addLanes, addRelease, addCompare, addStrategy, addCheck, addTest, addConvert, addProcesses, addDiagnose, addInspect, addInstall, addGateway, addSidecar, addToken, addWebhook, addBackup, addServer, addNodes, addStore]) add(program);
  for (const command of program.commands) {
    takeOver(program, command, command.name());
    for (const one of command.commands) takeOver(program, one, `${command.name()} ${one.name()}`);
  }
  return program;
}

/** Wrong usage of a command is answered with that command's own help. */
function takeOver(program: Command, command: Command, path: string): void {
  command.exitOverride().copyInheritedSettings(program).showHelpAfterError(`  fix: graylane ${path} --help says what it takes`);
}
