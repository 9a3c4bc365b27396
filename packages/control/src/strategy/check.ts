// Whether a document may become the strategy: its form first, then what the analysis finds. It must not apply it.

import { FINDINGS, parseStrategy } from '@graylane/rules';
import type { ParseOptions, Strategy, StrategyError } from '@graylane/rules';
import type { Api } from '@graylane/wire';
import { ControlError } from '../problem.ts';
import type { FieldError } from '../problem.ts';

export type Finding = Api<'Finding'>;

/** The analysis of a strategy, as a port: it may search for long, elsewhere, while everything here goes on. */
export type Analyse = (strategy: Strategy) => readonly Finding[] | Promise<readonly Finding[]>;

/** Throws GL3001 with every error and its place. */
export function parsedStrategy(document: unknown, options: ParseOptions): Strategy {
  const parsed = parseStrategy(document, options);
  if (parsed.ok) return parsed.strategy;
  throw notValid(parsed.errors);
}

/** GL3001, with every error and its place. */
export function notValid(errors: readonly StrategyError[]): ControlError {
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new ControlError('GL3001', {
    detail: `the strategy is not valid: ${first?.problem ?? 'unknown'}${more}`,
    ...(first === undefined ? {} : { fix: first.fix }),
    errors: strategyErrors(errors),
  });
}

/** Throws GL3002 when the analysis finds an error; `force` lets through what it says is merely unwise. */
export async function analysed(strategy: Strategy, analyse: Analyse, force: boolean): Promise<readonly Finding[]> {
  const findings = await analyse(strategy);
  const errors = findings.filter(({ level, code }) => level === 'error' && !(force && FORCEABLE.has(code)));
  const [first] = errors;
  if (first === undefined) return findings;
  throw new ControlError('GL3002', {
    detail: first.message,
    fix: first.fix ?? 'see the findings',
    ...(first.cause === undefined ? {} : { cause: first.cause }),
    errors: errors.map(({ code, pointer, message, cause, fix, witness }): FieldError => ({
      code, pointer, detail: message, ...(cause === undefined ? {} : { cause }), ...(fix === undefined ? {} : { fix }), ...(witness === undefined ? {} : { witness }),
    })),
  });
}

/** A contradiction of the rules of the house is never let through; a release that nobody reaches may be on purpose. */
const FORCEABLE: ReadonlySet<string> = new Set([FINDINGS['never-matches'].code, FINDINGS.shadowed.code]);

function strategyErrors(errors: readonly StrategyError[]): readonly FieldError[] {
  return errors.map(({ code, pointer, problem, cause, fix }) => ({ code, pointer, detail: problem, cause, fix }));
}
