// Which values a field can have at all: what never arrives can never match, and a witness has to be sendable.

import { determinise } from '../../language/regex/dfa.ts';
import type { Dfa } from '../../language/regex/dfa.ts';
import { buildNfa } from '../../language/regex/nfa.ts';
import { parseRegex } from '../../language/regex/parse.ts';
import { LAST_POINT } from '../../language/regex/syntax.ts';
import type { FieldPlan } from '../../compile/snapshot.ts';
import type { Table } from './table.ts';
import { explore, tableOf } from './table.ts';

/** Accepts with label '1'. A path has a second automaton, of paths that no rule matches. */
export interface Space { readonly allowed: Table; readonly trap: Table | null }

/** One per kind of field: they depend on nothing else. */
const spaces = new Map<FieldPlan['kind'], Space>();

export function spaceOf(plan: FieldPlan): Space {
  const known = spaces.get(plan.kind);
  if (known !== undefined) return known;
  const made = makeSpace(plan);
  spaces.set(plan.kind, made);
  return made;
}

function makeSpace(plan: FieldPlan): Space {
  switch (plan.kind) {
    case 'header': case 'tag': return { allowed: trimmedText(isHeaderByte), trap: null };
    case 'cookie': return { allowed: trimmedText((byte) => isHeaderByte(byte) && byte !== 0x3b), trap: null };
    case 'host': return { allowed: trimmedText((byte) => isHeaderByte(byte) && !(byte >= 0x41 && byte <= 0x5a)), trap: null };
    case 'method': return { allowed: fromPattern("[!#$%&'*+.^_`|~0-9A-Za-z\\-]+"), trap: null };
    case 'query': return { allowed: anyText(), trap: null };
    case 'path': return { allowed: fromPattern('\\*|/[!->@-~]*'), trap: fromPattern('.*(//|\\\\|%2[fF]|%5[cC]|%00).*|.*/(\\.|%2[eE]){1,2}(/.*)?') };
  }
}

/** RFC 9110 §5.5, as Node's parser enforces it. */
function isHeaderByte(byte: number): boolean {
  return byte === 0x09 || (byte >= 0x20 && byte !== 0x7f && byte <= 0xff);
}

/** No white space at either end. */
function trimmedText(allowed: (byte: number) => boolean): Table {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 0);
  const kind = (character: string): 'space' | 'text' | 'none' => {
    const byte = character.charCodeAt(0);
    return !allowed(byte) ? 'none' : byte === 0x20 || byte === 0x09 ? 'space' : 'text';
  };
  return explore<'start' | 'text' | 'space'>({
    start: 'start', alphabet: String.fromCharCode(...bytes), lost: '0',
    label: (state) => (state === 'space' ? '0' : '1'),
    step: (state, character) => {
      const found = kind(character);
      return found === 'none' || (found === 'space' && state === 'start') ? null : found;
    },
  });
}

function fromPattern(pattern: string): Table {
  return tableOf(must(determinise(must(buildNfa(parseRegex(pattern), 1_000)), 1_000)));
}

/** Well-formed UTF-8, any characters. */
function anyText(): Table {
  const all: Dfa = must(determinise(must(buildNfa({ kind: 'repeat', min: 0, max: null, of: { kind: 'set', ranges: [{ low: 0, high: LAST_POINT }] } }, 1_000)), 1_000));
  return tableOf(all);
}

function must<T>(value: T | null): T {
  if (value === null) throw new RangeError('a built-in expression is over its own limit');
  return value;
}
