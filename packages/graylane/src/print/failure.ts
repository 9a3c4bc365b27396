// What went wrong, in the user's words: a closed code, the place, the cause and the fix. Knows no terminal.

/** Exit codes of the command (documented in docs/cli.md). */
export const exit = { ok: 0, failed: 1, usage: 2, rolledBack: 3, conflict: 4, unreachable: 5, timedOut: 124 } as const;
export type ExitCode = (typeof exit)[keyof typeof exit];

/** Where in a file the user can mend it; lines and columns from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** JSON pointer into the document. */
  readonly pointer?: string;
  /** The line's own text, to be shown with a mark under the column. */
  readonly text?: string;
}

export interface Problem {
  /** Stable, `GL` and four digits. */
  readonly code: string;
  readonly message: string;
  readonly place?: Place | undefined;
  readonly cause?: string | undefined;
  readonly fix?: string | undefined;
  /** The end of what a process said before it failed, oldest first. */
  readonly output?: readonly string[] | undefined;
}

/** One or more problems that end a command; the stack is shown under --verbose only. */
export class Failure extends Error {
  readonly problems: readonly Problem[];
  readonly exitCode: ExitCode;

  constructor(problems: readonly Problem[] | Problem, exitCode: ExitCode = exit.failed, cause?: unknown) {
    const list = 'code' in problems ? [problems] : problems;
    super(list.map((problem) => `${problem.code} ${problem.message}`).join('\n'), { cause });
    this.name = 'Failure';
    this.problems = list;
    this.exitCode = exitCode;
  }
}

/** The text of a problem as a terminal shows it, without colour. */
export function problemText(problem: Problem): string {
  const lines = [`${problem.code} ${problem.message}`];
  if (problem.place !== undefined) lines.push(...placeLines(problem.place));
  if (problem.cause !== undefined) lines.push(`  cause: ${problem.cause}`);
  if (problem.output !== undefined && problem.output.length > 0) lines.push('  its last output:', ...problem.output.map((line) => `    ${line}`));
  if (problem.fix !== undefined) lines.push(`  fix: ${problem.fix}`);
  return lines.map(inert).join('\n');
}

/** More of a line does not help to find a mistake. */
const FRAME_COLUMNS = 160;

function placeLines(place: Place): string[] {
  const position = place.line === undefined ? '' : `:${place.line}${place.column === undefined ? '' : `:${place.column}`}`;
  const pointer = place.pointer === undefined || place.pointer === '' ? '' : ` (${place.pointer})`;
  const lines = [`  at ${place.file}${position}${pointer}`];
  if (place.text !== undefined && place.line !== undefined) {
    const gutter = `  ${place.line} | `;
    const column = place.column ?? 1;
    // A document in one line is shown around the mark.
    const from = place.text.length > FRAME_COLUMNS ? Math.max(0, column - 1 - FRAME_COLUMNS / 2) : 0;
    lines.push(`${gutter}${place.text.slice(from, from + FRAME_COLUMNS)}`);
    if (place.column !== undefined) lines.push(`${' '.repeat(gutter.length - 2)}| ${' '.repeat(Math.max(0, column - 1 - from))}^`);
  }
  return lines;
}

/** What would steer a terminal or turn a line around: control characters of both sets (ECMA-48), and changes of direction (UAX #9). */
const STEERING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** User data must not steer a terminal. */
export function inert(text: string): string {
  return text.replace(STEERING, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`;
  });
}

/** The same of what has to stay on its line: whoever writes a reason writes no lines of ours. */
export function inertLine(text: string): string {
  return inert(text).replaceAll(/[\t\n]/g, ' ');
}
