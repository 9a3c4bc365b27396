// What of a regular expression is outside the language.

export interface RegexFault { readonly at: number; readonly problem: string; readonly fix: string }

export function regexFault(pattern: string): RegexFault | null {
  return { at: pattern.length, problem: 'regular expressions are not part of the language', fix: 'use prefix, suffix or a list of texts' };
}
