// Who a release is for, in a few words. Pure text.

import type { ClauseSpec, Matcher, ReleaseSpec } from '@graylane/rules';

/** Such as `cookie beta=1, or 5 % of everybody`. */
export function audienceText({ when, percent = 100 }: Pick<ReleaseSpec, 'when' | 'percent'>): string {
  return when.map((clause) => clauseText(clause, percent)).join(', or ');
}

function clauseText(clause: ClauseSpec, releasePercent: number): string {
  const share = (releasePercent * (clause.percent ?? 100)) / 100;
  const conditions = conditionsOf(clause);
  const who = conditions.length === 0 ? 'everybody' : conditions.join(' and ');
  return clause.pinned === true || share === 100 ? who : `${Number(share.toFixed(4))} % of ${who}`;
}

function conditionsOf(clause: ClauseSpec): string[] {
  const named = (['header', 'cookie', 'query', 'tag'] as const).flatMap((kind) =>
    Object.entries(clause[kind] ?? {}).map(([name, matcher]) => `${kind} ${name}${matcherText(matcher)}`));
  const whole = (['path', 'method', 'host'] as const).flatMap((kind) => (clause[kind] === undefined ? [] : [`${kind}${matcherText(clause[kind])}`]));
  return [...named, ...whole];
}

function matcherText(matcher: Matcher): string {
  if (typeof matcher === 'string') return `=${matcher}`;
  return Array.isArray(matcher) ? `=${matcher.join('|')}` : ` ${JSON.stringify(matcher)}`;
}
