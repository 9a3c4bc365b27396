// The SMT solver behind one question: has this formula a model? Installed on first use, in a folder of its own.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const home = fileURLToPath(new URL('./z3/', import.meta.url));

/** The part of z3-solver's low-level interface that is used here. */
interface Z3 {
  mk_config(): unknown;
  mk_context(config: unknown): unknown;
  eval_smtlib2_string(context: unknown, text: string): Promise<string>;
}

/** The solver gave up, or did not understand: not an answer. */
export class Undecided extends Error {
  override readonly name = 'Undecided';
}

export interface Solver {
  /** Whether each of `terms` can be true on top of `head`. Rejects with Undecided. */
  ask(head: string, terms: readonly string[]): Promise<readonly boolean[]>;
}

/** Of one question: strings are undecidable enough that some never end. */
const TIMEOUT_MS = 5_000;

export async function startSolver(): Promise<Solver> {
  if (!existsSync(`${home}node_modules`)) execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: home, stdio: 'inherit' });
  const { init } = createRequire(`${home}package.json`)('z3-solver') as { readonly init: () => Promise<{ readonly Z3: Z3 }> };
  const { Z3: z3 } = await init();
  const context = z3.mk_context(z3.mk_config());
  return {
    ask: async (head, terms) => {
      if (terms.length === 0) return [];
      const questions = terms.map((term) => `(push)(assert ${term})(check-sat)(pop)`);
      const answers = (await z3.eval_smtlib2_string(context, `(reset)(set-option :timeout ${TIMEOUT_MS})\n${head}\n${questions.join('\n')}`)).trim().split('\n');
      if (answers.length !== terms.length || answers.some((answer) => answer !== 'sat' && answer !== 'unsat')) throw new Undecided(answers.find((answer) => answer !== 'sat' && answer !== 'unsat') ?? 'too few answers');
      return answers.map((answer) => answer === 'sat');
    },
  };
}
