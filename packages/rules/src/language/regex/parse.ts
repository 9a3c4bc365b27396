// Reads a regular expression of the language and names what is outside it, each time with an alternative.

import type { PointRange, Regex, RegexFault } from './syntax.ts';
import { ANY, complement, DIGITS, SPACE, WORD } from './syntax.ts';

/** The largest count in braces. */
const COUNT_LIMIT = 1_000;
const DEPTH_LIMIT = 100;
const PATTERN_LIMIT = 4_096;

const QUANTIFIERS = '*+?{';

export class RegexRefused extends Error {
  readonly fault: RegexFault;
  constructor(at: number, problem: string, fix: string) {
    super(problem);
    this.fault = { at, problem, fix };
  }
}

/** Throws {@link RegexRefused}. */
export function parseRegex(pattern: string): Regex {
  if (pattern.length > PATTERN_LIMIT) throw new RegexRefused(PATTERN_LIMIT, `an expression of ${pattern.length} characters is over ${PATTERN_LIMIT}`, 'split it into an `any` of shorter ones');
  return new Parser(pattern).whole();
}

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): Regex {
    const regex = this.#choice();
    if (this.#at < this.#text.length) this.#refuse('a `)` without its `(`', 'remove it, or write \\)');
    return regex;
  }

  #choice(): Regex {
    if (++this.#depth > DEPTH_LIMIT) this.#refuse(`groups are nested more than ${DEPTH_LIMIT} deep`, 'write it flatter');
    const options = [this.#sequence()];
    while (this.#take('|')) options.push(this.#sequence());
    this.#depth -= 1;
    const [only] = options;
    return options.length === 1 && only !== undefined ? only : { kind: 'choice', options };
  }

  #sequence(): Regex {
    const parts: Regex[] = [];
    while (this.#at < this.#text.length && !this.#sees('|') && !this.#sees(')')) parts.push(this.#quantified());
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { kind: 'sequence', parts };
  }

  #quantified(): Regex {
    const atom = this.#atom();
    const bounds = this.#quantifier();
    if (bounds === null) return atom;
    if (this.#sees('?')) this.#refuse('lazy forms (`*?`, `+?`, `??`) have no meaning here', 'leave the second ? out: the whole value is matched, so lazy and greedy are the same');
    if (this.#sees('+')) this.#refuse('possessive forms (`*+`) are not supported', 'leave the + out');
    if (this.#sees('*') || this.#sees('{')) this.#refuse('two quantifiers in a row', 'put the inner part into ( )');
    return { kind: 'repeat', of: atom, min: bounds.min, max: bounds.max };
  }

  #quantifier(): { readonly min: number; readonly max: number | null } | null {
    if (this.#take('*')) return { min: 0, max: null };
    if (this.#take('+')) return { min: 1, max: null };
    if (this.#take('?')) return { min: 0, max: 1 };
    if (!this.#sees('{')) return null;
    const match = /^\{(\d{1,9})(,(\d{0,9}))?\}/.exec(this.#text.slice(this.#at, this.#at + 24));
    if (match === null) return this.#refuse('a `{` that is no count', 'write {2}, {2,} or {2,5}, or \\{ for the character');
    const [all, low = '', comma, high = ''] = match;
    const min = Number(low);
    const max = comma === undefined ? min : high === '' ? null : Number(high);
    if (min > COUNT_LIMIT || (max ?? 0) > COUNT_LIMIT) this.#refuse(`a count over ${COUNT_LIMIT}`, `use at most ${COUNT_LIMIT}, or * and +`);
    if (max !== null && min > max) this.#refuse(`the count ${all} ends before it begins`, 'swap the two numbers');
    this.#at += all.length;
    return { min, max };
  }

  #atom(): Regex {
    const character = this.#next();
    switch (character) {
      case '(': return this.#group();
      case '[': return this.#class();
      case '.': return { kind: 'set', ranges: ANY };
      case '\\': return this.#escape();
      case '^': case '$': return this.#back(1, `the anchor \`${character}\``, 'leave it out: an expression always has to match the whole value; put .* where anything may stand');
      case ']': case '}': return this.#back(1, `a \`${character}\` without its opening one`, `write \\${character} for the character`);
      default:
        if (QUANTIFIERS.includes(character)) return this.#back(1, `the quantifier \`${character}\` has nothing to repeat`, `write \\${character} for the character`);
        return point(character);
    }
  }

  #group(): Regex {
    if (this.#sees('?')) this.#groupKind();
    const inner = this.#choice();
    if (!this.#take(')')) this.#refuse('a `(` without its `)`', 'close it, or write \\(');
    return inner;
  }

  #groupKind(): void {
    if (this.#text.startsWith('?:', this.#at)) {
      this.#at += 2;
      return;
    }
    const rest = this.#text.slice(this.#at, this.#at + 3);
    if (/^\?<?!/.test(rest)) this.#refuse('look-around', 'put the exception into a matcher of its own: { not: … }, in a clause with this one');
    if (/^\?<?=/.test(rest)) this.#refuse('look-around', 'write both conditions as two matchers of one clause');
    if (/^\?P?</.test(rest)) this.#refuse('a named group', 'write ( ): nothing is captured');
    if (rest.startsWith('?>')) this.#refuse('an atomic group', 'write (?: ): matching is linear without it');
    this.#refuse('a flag inside the expression', 'write both cases out: [aA]');
  }

  #escape(): Regex {
    if (this.#at >= this.#text.length) return this.#back(1, 'a single `\\` at the end', 'write \\\\ for the character');
    const character = this.#next();
    const shorthand = SHORTHANDS.get(character);
    if (shorthand !== undefined) return { kind: 'set', ranges: shorthand };
    if (/[1-9]/.test(character)) return this.#back(2, 'a back-reference', 'list the values that may repeat: (?:aa|bb)');
    if (character === 'b' || character === 'B') return this.#back(2, 'a word boundary', 'say what stands around the word, such as (?:.*[^\\w])?word(?:[^\\w].*)?');
    return this.#literalEscape(character);
  }

  /** Only characters that are no letters or digits: those others mean something elsewhere. */
  #literalEscape(character: string): Regex {
    const alternative = ALTERNATIVES[character];
    if (alternative !== undefined) return this.#back(2, `the escape \`\\${character}\``, alternative);
    if (/[0-9A-Za-z]/.test(character)) return this.#back(2, `the escape \`\\${character}\``, `write the character itself; escapes are \\d \\w \\s and \\ before punctuation`);
    return point(character);
  }

  #class(): Regex {
    const negated = this.#take('^');
    const ranges: PointRange[] = [];
    if (this.#sees(']')) this.#refuse(negated ? 'a class of everything: `[^]`' : 'an empty class: `[]`', negated ? 'write . for any character' : 'write \\] for the character');
    while (!this.#take(']')) {
      if (this.#at >= this.#text.length) this.#refuse('a `[` without its `]`', 'close it, or write \\[');
      ranges.push(...this.#classItem());
    }
    return { kind: 'set', ranges: negated ? complement(ranges) : ranges };
  }

  #classItem(): readonly PointRange[] {
    const start = this.#at;
    const low = this.#classAtom();
    const isRange = this.#sees('-') && this.#text[this.#at + 1] !== ']' && this.#at + 1 < this.#text.length;
    if (!isRange) return low;
    this.#at += 1;
    const high = this.#classAtom();
    const from = low.length === 1 && low[0]?.low === low[0]?.high ? low[0]?.low : undefined;
    const to = high.length === 1 && high[0]?.low === high[0]?.high ? high[0]?.low : undefined;
    if (from === undefined || to === undefined) return this.#back(this.#at - start, 'a range with a shorthand at one end', 'write \\- for the character, or put it last');
    if (from > to) return this.#back(this.#at - start, `the range ${this.#text.slice(start, this.#at)} ends before it begins`, 'swap the two ends');
    return [{ low: from, high: to }];
  }

  #classAtom(): readonly PointRange[] {
    const character = this.#next();
    if (character === '[' && /^[:.=]/.test(this.#text.slice(this.#at, this.#at + 1))) return this.#back(1, 'a POSIX class', 'write the characters out: [A-Za-z0-9]');
    const regex = character === '\\' ? this.#escape() : point(character);
    return regex.kind === 'set' ? regex.ranges : [];
  }

  #next(): string {
    const character = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0);
    this.#at += character.length;
    return character;
  }

  #sees(character: string): boolean {
    return this.#text[this.#at] === character;
  }

  #take(character: string): boolean {
    if (!this.#sees(character)) return false;
    this.#at += 1;
    return true;
  }

  #back(count: number, problem: string, fix: string): never {
    this.#at -= count;
    return this.#refuse(problem, fix);
  }

  #refuse(problem: string, fix: string): never {
    throw new RegexRefused(this.#at, problem, fix);
  }
}

const SHORTHANDS: ReadonlyMap<string, readonly PointRange[]> = new Map([['d', DIGITS], ['w', WORD], ['s', SPACE]]);

const ALTERNATIVES: Readonly<Record<string, string>> = {
  D: 'write [^0-9]', W: 'write [^\\w]', S: 'write [^\\s]', p: 'write the characters out in [ ]', P: 'write the characters out in [^ ]',
  A: 'leave it out: the whole value is matched', Z: 'leave it out: the whole value is matched', z: 'leave it out: the whole value is matched',
  k: 'list the values that may repeat', u: 'write the character itself', x: 'write the character itself',
};

function point(character: string): Regex {
  const code = character.codePointAt(0) ?? 0;
  return { kind: 'set', ranges: [{ low: code, high: code }] };
}
