// What every command is given: the terminal, the folder it was called in, the environment. The only one that asks `process` for these.

import { openTerminal, type Terminal } from '../print/terminal.ts';

export interface GlobalOptions {
  readonly json?: boolean;
  readonly verbose?: boolean;
  /** Folder of the project whose supervisor is meant. */
  readonly project?: string;
}

export interface Context {
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly terminal: Terminal;
  readonly project: string | undefined;
}

export function contextOf(options: GlobalOptions): Context {
  return {
    directory: process.cwd(),
    environment: process.env,
    project: options.project,
    terminal: openTerminal({ json: options.json ?? false, verbose: options.verbose ?? false, environment: process.env, stdout: process.stdout, stderr: process.stderr }),
  };
}
