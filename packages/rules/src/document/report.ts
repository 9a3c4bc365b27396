// Collects every fault of a document with its place, cause and cure; it knows nothing of what a strategy means.

/** Stable codes: they are documented, tested and never reused. */
export const STRATEGY_ERRORS = {
  GL1001: 'missing key',
  GL1002: 'wrong type',
  GL1003: 'unknown key',
  GL1004: 'value not allowed',
  GL1005: 'bad name',
  GL1006: 'too deep',
  GL1007: 'too large',
  GL1008: 'text that cannot be sent',
  GL1009: 'matcher with several conditions',
  GL1010: 'field that has a key of its own',
  GL1011: 'priority missing',
  GL1012: 'stable version not defined',
  GL1013: 'regular expression not supported',
  GL1014: 'version range not understood',
  GL1015: 'order of stickyBy',
  GL1016: 'name used twice',
  GL1017: 'nothing to run',
} as const;

export type StrategyErrorCode = keyof typeof STRATEGY_ERRORS;

export interface StrategyError {
  readonly code: StrategyErrorCode;
  /** JSON pointer (RFC 6901) into the document; '' is the whole. */
  readonly pointer: string;
  /** What is wrong, in the user's words, one line. */
  readonly problem: string;
  readonly cause: string;
  readonly fix: string;
}

/** More than anybody reads at once; the rest is counted in the last entry. */
const ERROR_LIMIT = 100;

export class Report {
  readonly errors: StrategyError[] = [];
  #dropped = 0;

  add(code: StrategyErrorCode, pointer: string, problem: string, fix: string, cause: string = STRATEGY_ERRORS[code]): false {
    if (this.errors.length < ERROR_LIMIT) this.errors.push({ code, pointer, problem, cause, fix });
    else this.#dropped += 1;
    return false;
  }

  get failed(): boolean {
    return this.errors.length > 0;
  }

  /** All errors, with one line that says how many were left out. */
  finish(): StrategyError[] {
    if (this.#dropped === 0) return this.errors;
    return [...this.errors, {
      code: 'GL1007', pointer: '', problem: `and ${this.#dropped} more errors`,
      cause: `only the first ${ERROR_LIMIT} are listed`, fix: 'correct these first, then check again',
    }];
  }
}

/** `key` as one more step of a JSON pointer. */
export function step(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** How a value is called when it is in the wrong place. */
export function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'string') return `the text ${quote(value)}`;
  if (typeof value === 'number' || typeof value === 'boolean') return `${typeof value === 'number' ? 'the number' : 'the value'} ${String(value)}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Quoted, without control characters, and short enough for one line. */
export function quote(text: string): string {
  const shown = text.length > 60 ? `${text.slice(0, 57)}…` : text;
  return JSON.stringify(shown).replace(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A key as it stands in a message: bare when it is harmless. */
export function keyName(key: string): string {
  return /^[\w.$-]{1,60}$/.test(key) ? `\`${key}\`` : quote(key);
}
