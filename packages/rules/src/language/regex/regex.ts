// A regular expression of the language, compiled: the one way from text to automaton.

import type { Dfa } from './dfa.ts';
import { determinise } from './dfa.ts';
import { buildNfa } from './nfa.ts';
import { parseRegex, RegexRefused } from './parse.ts';
import type { RegexFault } from './syntax.ts';

/** States of the automaton while it is built; they bound compile time and the size of what data planes load. */
const DFA_STATES_LIMIT = 16_384;
const NFA_STATES_LIMIT = 100_000;

export type CompiledRegex = { readonly ok: true; readonly dfa: Dfa } | { readonly ok: false; readonly fault: RegexFault };

/** Compiled once per text: checking and compiling ask for the same ones. Bounded by the numbers in their tables, for documents come and go. */
const CACHE_LIMIT = 4_000_000;
const cache = new Map<string, CompiledRegex>();
let cached = 0;

export function compileRegex(pattern: string): CompiledRegex {
  const known = cache.get(pattern);
  if (known !== undefined) return known;
  const compiled = compileFresh(pattern);
  cached += compiled.ok ? compiled.dfa.targets.length + 256 : 256;
  if (cached > CACHE_LIMIT) {
    cache.clear();
    cached = 0;
  }
  cache.set(pattern, compiled);
  return compiled;
}

function compileFresh(pattern: string): CompiledRegex {
  try {
    const nfa = buildNfa(parseRegex(pattern), NFA_STATES_LIMIT);
    const dfa = nfa === null ? null : determinise(nfa, DFA_STATES_LIMIT);
    if (dfa !== null) return { ok: true, dfa };
    return { ok: false, fault: { at: 0, problem: `its automaton has more than ${DFA_STATES_LIMIT} states`, fix: 'use smaller counts, or split it into an `any` of several expressions' } };
  } catch (error) {
    if (error instanceof RegexRefused) return { ok: false, fault: error.fault };
    throw error;
  }
}
