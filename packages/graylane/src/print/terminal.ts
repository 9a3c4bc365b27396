// The terminal: data on stdout, messages on stderr, colour only where it is wanted. The only writer of both.

import { exit, Failure, inert, problemText, type ExitCode, type Problem } from './failure.ts';
import { asFailure } from './thrown.ts';

export interface Terminal {
  /** One JSON object on stdout instead of text. */
  readonly json: boolean;
  readonly verbose: boolean;
  readonly columns: number;
  /** Takes the screen for what follows; nothing where there is none. */
  readonly clear: string;
  data(text: string): void;
  object(value: unknown): void;
  say(text: string): void;
  /** Shows what ended a command, and says with which code to leave. */
  failure(error: unknown): ExitCode;
  bold(text: string): string;
  dim(text: string): string;
}

export interface TerminalOptions {
  readonly json: boolean;
  readonly verbose: boolean;
  readonly environment: NodeJS.ProcessEnv;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** A file or a pipe has no width: nothing is cut. */
const NO_LIMIT = 10_000;
const CLEAR = '\u001b[2J\u001b[H';
/** What this file itself writes, and harmless from anybody: a screen to begin with, bold and dim. */
const OWN = /(^\u001b\[2J\u001b\[H|\u001b\[(?:1|2|22)m)/;

export function openTerminal({ json, verbose, environment, stdout, stderr }: TerminalOptions): Terminal {
  const colour = wantsColour(environment, stdout.isTTY);
  // Names, addresses and values of others reach a person's screen by many commands: none of them may steer it. Pipes get what there is.
  const shown = (text: string): string => (stdout.isTTY ? text.split(OWN).map((part, index) => (index % 2 === 1 ? part : inert(part))).join('') : text);
  const styled = (open: number, close: number) => (text: string): string => (colour ? `\u001b[${open}m${text}\u001b[${close}m` : text);
  return {
    json,
    verbose,
    columns: stdout.isTTY ? stdout.columns : NO_LIMIT,
    clear: stdout.isTTY ? CLEAR : '',
    data: (text) => { if (!json) stdout.write(`${shown(text)}\n`); },
    object: (value) => { stdout.write(`${JSON.stringify(value)}\n`); },
    say: (text) => { stderr.write(`${text}\n`); },
    failure: (error) => {
      const { problems, exitCode, stack } = failureOf(asFailure(error));
      if (json) stdout.write(`${JSON.stringify({ errors: problems })}\n`);
      for (const problem of problems) stderr.write(`${problemText(problem)}\n`);
      if (verbose && stack !== undefined) stderr.write(`${inert(stack.replaceAll('\n', '\u2028')).replaceAll('\u2028', '\n')}\n`);
      return exitCode;
    },
    bold: styled(1, 22),
    dim: styled(2, 22),
  };
}

/** https://no-color.org; FORCE_COLOR wins over it, as in Node itself. */
function wantsColour(environment: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if ((environment['NO_COLOR'] ?? '') !== '') return false;
  return isTerminal && environment['TERM'] !== 'dumb';
}

function failureOf(error: unknown): { problems: readonly Problem[]; exitCode: ExitCode; stack: string | undefined } {
  if (error instanceof Failure) return { problems: error.problems, exitCode: error.exitCode, stack: error.stack };
  const message = error instanceof Error ? error.message : String(error);
  const problem: Problem = { code: 'GL9000', message: `graylane failed: ${message}`, fix: 'run it again with --verbose and report what it prints' };
  return { problems: [problem], exitCode: exit.failed, stack: error instanceof Error ? error.stack : undefined };
}
