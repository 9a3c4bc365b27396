// One strategy, analysed and judged: by exhaustion where it is small enough, and by the solver when asked. Says what differs.

import type { Finding, StrategyDocument } from '@graylane/rules';
import { analyse, parseStrategy } from '@graylane/rules';
import { findingsByExhaustion, subjectOf } from '../../packages/rules/test/analysis-oracle.ts';
import { confirmWitness } from '../../packages/rules/test/confirm-finding.ts';
import { causeHolds, findingsBySolver } from './findings-by-solver.ts';
import type { Solver } from './solver.ts';
import { Undecided } from './solver.ts';

export interface Counts {
  strategies: number;
  /** Small enough to list every kind of request. */
  exhausted: number;
  /** Decided by the solver. */
  solved: number;
  /** The solver gave up. */
  undecided: number;
  findings: number;
  witnesses: number;
  /** Releases of which the analyzer said "not decided". */
  notDecided: number;
}

export const noCounts = (): Counts => ({ strategies: 0, exhausted: 0, solved: 0, undecided: 0, findings: 0, witnesses: 0, notDecided: 0 });

/** What the analyzer missed (`-`) and made up (`+`). */
function differences(expected: ReadonlySet<string>, found: ReadonlySet<string>): readonly string[] {
  return [...[...expected].filter((subject) => !found.has(subject)).map((subject) => `- ${subject}`), ...[...found].filter((subject) => !expected.has(subject)).map((subject) => `+ ${subject}`)];
}

function withoutCause(finding: Finding): string {
  const subject = JSON.parse(subjectOf(finding)) as Record<string, unknown>;
  delete subject['by'];
  return JSON.stringify(subject);
}

/** Everything that is wrong with what the analyzer says of `document`; empty when nothing is. */
export async function judge(document: StrategyDocument, kindsLimit: number, solver: Solver | null, counts: Counts): Promise<readonly string[]> {
  const parsed = parseStrategy(document);
  if (!parsed.ok) return parsed.errors.map(({ problem }) => `! ${problem}`);
  const findings = analyse(parsed.strategy);
  counts.strategies += 1;
  counts.findings += findings.length;
  counts.notDecided += findings.filter(({ kind }) => kind === 'not-decided').length;
  const listed = findingsByExhaustion(document, kindsLimit);
  if (listed !== null) counts.exhausted += 1;
  return [
    ...(listed === null ? [] : differences(listed, new Set(findings.map(subjectOf)))),
    ...findings.flatMap((finding) => confirmed(document, finding, counts)),
    ...(solver === null ? [] : await solved(document, findings, solver, counts)),
  ];
}

function confirmed(document: StrategyDocument, finding: Finding, counts: Counts): readonly string[] {
  try {
    if (confirmWitness(document, finding)) counts.witnesses += 1;
    return [];
  } catch (error) {
    return [`? ${subjectOf(finding)}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

async function solved(document: StrategyDocument, findings: readonly Finding[], solver: Solver, counts: Counts): Promise<readonly string[]> {
  try {
    const wrong = [...differences(await findingsBySolver(document, solver), new Set(findings.map(withoutCause)))];
    for (const finding of findings) {
      if ((finding.kind === 'shadowed' || finding.kind === 'shadowed-clause') && !await causeHolds(document, finding, solver)) wrong.push(`? the cause of ${subjectOf(finding)}`);
    }
    counts.solved += 1;
    return wrong.map((line) => `solver ${line}`);
  } catch (error) {
    if (!(error instanceof Undecided)) throw error;
    counts.undecided += 1;
    return [];
  }
}
