// Errors of the other packages as problems with a code, in one place.

import { ApiFailure, ControlError } from '@graylane/control';
import { StartFailure } from '@graylane/pool';
import { changesText } from './applied.ts';
import { exit, Failure, type Problem } from './failure.ts';
import { lastWords } from './last-words.ts';

/** Failures keep their own code, cause, fix and output; anything else is passed on as it came. */
export function asFailure(thrown: unknown): unknown {
  if (thrown instanceof ControlError) return fromControl(thrown);
  if (thrown instanceof ApiFailure) return fromApi(thrown);
  if (thrown instanceof StartFailure) return new Failure(fromStart(thrown), exit.failed, thrown);
  return thrown;
}

function fromControl(error: ControlError): Failure {
  const { details } = error;
  // What did not start has a code of its own that says more.
  if (details.thrown instanceof Failure) return details.thrown;
  if (details.thrown instanceof StartFailure) return new Failure({ ...fromStart(details.thrown), message: details.detail }, exit.failed, error);
  const problem = explained({ code: error.code, message: details.detail, cause: details.cause, fix: details.fix, output: details.lastLines });
  const fields = (details.errors ?? []).map((field): Problem => ({ code: field.code, message: field.detail, place: { file: 'strategy', pointer: field.pointer }, cause: field.cause, fix: field.fix }));
  const exitCode = error.problem().exitCode;
  return new Failure(fields.length > 0 ? fields : problem, exitCode === 4 ? exit.conflict : exitCode === 2 ? exit.usage : exit.failed, error);
}

function fromStart(failure: StartFailure): Problem {
  return explained({ code: failure.code, message: failure.message, fix: failure.cure, output: failure.lastLines });
}

/** Of whoever did not look into the output. */
const LOOK = 'see the last lines of its output';

/** Says what the output means; a bare code as the cause says nothing to a reader. */
function explained(problem: Problem): Problem {
  const words = lastWords(problem.output ?? []);
  const cause = problem.cause !== undefined && /^GL\d{4}$/.test(problem.cause) ? undefined : problem.cause;
  return { ...problem, cause: cause ?? words?.cause, fix: words !== null && problem.fix === LOOK ? words.fix : problem.fix };
}

function fromApi({ problem, exitCode, cause }: ApiFailure): Failure {
  const changes = problem.changes === undefined || problem.changes.length === 0 ? problem.cause : `${problem.cause ?? ''}\n    ${changesText(problem.changes).replaceAll('\n', '\n    ')}`;
  const fields = (problem.errors ?? []).map((field): Problem => ({ code: field.code, message: field.detail, place: { file: 'strategy', pointer: field.pointer }, cause: field.cause, fix: field.fix }));
  const whole = explained({ code: problem.code, message: problem.detail, cause: changes, fix: problem.fix, output: problem.lastLines });
  return new Failure(fields.length > 0 ? fields : whole, exitCode, cause);
}
