// What the YAML parser finds wrong, in the words of somebody who writes the file. Its own words stay as the cause.

import type { YAMLError } from 'yaml';

export interface YamlFault {
  readonly offset: number;
  readonly message: string;
  readonly cause?: string;
  readonly fix: string;
}

const SAME_COLUMN = 'correct the text there: keys and list items of one level begin in the same column';
const CLOSE = 'correct the text there: what is opened is closed, and what stands between brackets has commas between';

const WORDS: Readonly<Partial<Record<YAMLError['code'], readonly [message: string, fix: string]>>> = {
  TAB_AS_INDENT: ['a tab stands where only spaces indent', 'indent with spaces'],
  DUPLICATE_KEY: ['this key stands here a second time', 'keep one of them'],
  BAD_INDENT: ['this line begins in a column of no level above it', SAME_COLUMN],
  MULTILINE_IMPLICIT_KEY: ['this goes on in the next line, which looks like a key of its own', `${SAME_COLUMN}, and each has its \`:\``],
  BLOCK_AS_IMPLICIT_KEY: ['a list, or a second key, begins in the middle of a line', 'correct the text there: put it on a line of its own, or text that has a `: ` in it into quotes'],
  BLOCK_IN_FLOW: ['a comma or a bracket is missing around this', CLOSE],
  BAD_SCALAR_START: ['text cannot begin with this character', 'put the text into quotes'],
  MULTIPLE_DOCS: ['a second document begins here', 'a file holds one: leave out the line with ---'],
};

/** One of each line: what follows in it is the same fault, seen again. */
export function yamlFaults(errors: readonly YAMLError[], lineOf: (offset: number) => number): readonly YamlFault[] {
  const lines = new Map<number, YAMLError>();
  for (const error of errors) {
    const line = lineOf(error.pos[0]);
    const other = lines.get(line);
    // Of the two that one wrong column makes this says more.
    if (other === undefined || (error.code === 'MULTILINE_IMPLICIT_KEY' && other.code === 'BLOCK_AS_IMPLICIT_KEY' && other.pos[0] === error.pos[0])) lines.set(line, error);
  }
  return [...lines.values()].map(faultOf);
}

function faultOf({ code, message, pos: [offset] }: YAMLError): YamlFault {
  // The parser descends into itself, so it meets the end of the stack first.
  if (message.includes('call stack')) return { offset, message: 'the document is nested too deep to be read', fix: 'write conditions flatter: two `not` cancel out, an `any` inside an `any` is one `any`' };
  if (message.startsWith('Flow ')) return { offset, message: 'a { or [ is still open here', cause: message, fix: CLOSE };
  const words = WORDS[code];
  return words === undefined ? { offset, message, fix: CLOSE } : { offset, message: words[0], cause: message, fix: words[1] };
}
