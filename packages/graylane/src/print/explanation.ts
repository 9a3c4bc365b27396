// The text of an explanation: which releases were tried, what held and what did not, and where the request goes.

import type { ClauseTrace, Explanation, ReleaseTrace } from '@graylane/rules';

/** Who has it is the same visitor again. */
export const ID_COOKIE = 'graylane-id';

const OUTCOMES: Readonly<Record<ReleaseTrace['outcome'], string>> = {
  'outside-window': 'outside its time window',
  'not-matched': 'no clause matches',
  'out-by-bucket': 'matches, but out by its bucket',
  in: 'in',
  'in-but-taken': 'would be in, but a release of smaller priority number has the request',
};

/** `hasId`: the request carries the id of a visitor who was here before. */
export function explanationText({ generation, decision, versions, releases }: Explanation, hasId: boolean): string {
  const lane = decision.lane ?? 'stable';
  const lines = [`generation ${generation}: lane ${lane} (${decision.reason})`];
  for (const [service, version] of Object.entries(versions)) lines.push(`  ${service} → ${version}`);
  if (decision.mint !== null) lines.push(`  sets the cookie ${ID_COOKIE}=${decision.mint}`);
  for (const release of releases) lines.push('', ...releaseLines(release, hasId));
  return lines.join('\n');
}

function releaseLines(release: ReleaseTrace, hasId: boolean): string[] {
  const bucket = release.bucket === null ? '' : `, bucket ${release.bucket}${keyText(release, hasId)}`;
  return [`${release.release} (priority ${release.priority}): ${OUTCOMES[release.outcome]}${bucket}`, ...release.clauses.flatMap((clause) => clauseLines(clause, release.bucket))];
}

/** Without an id there is no user yet: the same question is answered by another draw next time. */
function keyText({ key }: ReleaseTrace, hasId: boolean): string {
  if (key === null) return ', for it has none of the keys';
  if (key === 'request') return ', drawn for this request';
  return key === 'anonymous' && !hasId ? `, drawn for a visitor without the cookie ${ID_COOKIE}` : ` of ${key === 'anonymous' ? `the cookie ${ID_COOKIE}` : key}`;
}

function clauseLines(clause: ClauseTrace, bucket: number | null): string[] {
  const share = clause.pinned ? 'pinned' : shareText(clause.threshold, bucket);
  const head = `  when[${clause.clause}] ${clause.matches ? 'matches' : 'does not match'}, ${share}`;
  return [head, ...clause.conditions.map((condition) => `    ${condition.holds ? 'yes' : 'no '} ${condition.field} is ${condition.value === null ? 'absent' : JSON.stringify(condition.value)}`)];
}

function shareText(threshold: number, bucket: number | null): string {
  const percent = `${threshold / 10_000} %`;
  return bucket === null ? percent : `${percent}: bucket ${bucket} ${bucket < threshold ? '<' : '≥'} ${threshold}`;
}
