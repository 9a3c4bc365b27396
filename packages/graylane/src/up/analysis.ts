// The analysis and compilation of strategies as the control plane asks for them: small ones at once, large ones on a thread
// of their own, so that the supervisor's event loop answers while they take their time.

import { compiledHere, notValid, type Finding as ApiFinding } from '@graylane/control';
import { analyse, FINDINGS, type Finding, type Snapshot, type Strategy, type StrategyDocument } from '@graylane/rules';
import { AnalysisThread } from './analysis-thread-owner.ts';

/** Clauses that are analysed in less time than a thread needs to start. */
const SMALL_CLAUSES = 100;
/** A few milliseconds of search; whoever needs more gets the thread and the budget below. */
const SMALL_BUDGET = 100_000;
/** About ten seconds of search; a release that needs more is reported as not decided, never as fine. */
const BUDGET = 50_000_000;
/** An answer is read by people; the first ones are the worst. */
const FINDINGS_LIMIT = 1_000;

const thread = new AnalysisThread();

export async function findingsOf(strategy: Strategy): Promise<readonly ApiFinding[]> {
  if (clausesOf(strategy.document) <= SMALL_CLAUSES) {
    const findings = analyse(strategy, { budget: SMALL_BUDGET });
    if (findings.every(({ kind }) => kind !== 'not-decided')) return apiFindings(findings);
  }
  const answer = await thread.ask({ kind: 'analyse', strategy, budget: BUDGET });
  return answer.kind === 'findings' ? apiFindings(answer.findings) : [unfinished(answer.kind === 'failed' ? answer.why : 'no answer')];
}

/** Throws GL3001, and RangeError when the strategy is too large for the thread's memory and time. */
export async function snapshotOf(document: StrategyDocument): Promise<Snapshot> {
  if (clausesOf(document) <= SMALL_CLAUSES) return compiledHere(document);
  const answer = await thread.ask({ kind: 'compile', document });
  if (answer.kind === 'snapshot') return answer.snapshot;
  if (answer.kind === 'invalid') throw notValid(answer.errors);
  throw new RangeError(`the strategy was not compiled: ${answer.kind === 'failed' ? answer.why : 'no answer'}`);
}

function clausesOf({ releases }: StrategyDocument): number {
  return (releases ?? []).reduce((sum, { when }) => sum + when.length, 0);
}

function apiFindings(findings: readonly Finding[]): readonly ApiFinding[] {
  return findings.slice(0, FINDINGS_LIMIT).map(({ code, level, message, places, fix, witness }) => ({ code, level, message, pointer: places[0] ?? '', fix, ...(witness === null ? {} : { witness }) }));
}

/** An analysis that did not end says nothing good of anybody. */
function unfinished(why: string): ApiFinding {
  const { code, level } = FINDINGS['not-decided'];
  return { code, level, message: `the strategy was not analysed to the end: ${why}`, pointer: '/releases', fix: 'run graylane check on the file, which takes its time, or split the strategy' };
}
