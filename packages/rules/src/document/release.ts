// Checks a release: its audience, its share, its versions and its plan.

import { clause } from './clause.ts';
import { guardrails } from './guardrail.ts';
import type { Report } from './report.ts';
import { nameOf, quote, step } from './report.ts';
import { checkName, checkText, checkToken, duration, name, NAME_PATTERN, oneOf, percent, whole } from './scalars.ts';
import type { Shape } from './shape.ts';
import { either, listOf, mapOf, object, optional, required, shape, wrongType } from './shape.ts';
import type { Duration, ReleaseSpec, StepSpec, VerdictStepSpec } from './types.ts';

/** Clauses of one release; more of them belong into a tag. */
const CLAUSES_LIMIT = 10_000;
const KEYS_LIMIT = 8;
const STEPS_LIMIT = 100;
const PRIORITY_LIMIT = 1_000_000_000;

/** `tag:x`, `cookie:x`, `header:x`; nothing may follow `anonymous` and `request`, for they always have a key. */
const stickyKey: Shape<string> = shape({ type: 'string', pattern: '^((tag|cookie|header):.+|anonymous|request)$' }, (value, pointer, report) => {
  if (typeof value !== 'string') return wrongType(value, pointer, report, 'text such as "tag:user", "anonymous" or "request"');
  if (value === 'anonymous' || value === 'request') return true;
  const [kind = '', ...rest] = value.split(':');
  const key = rest.join(':');
  if (kind === 'tag') return checkName(key, pointer, report);
  if (kind === 'cookie' || kind === 'header') return checkToken(key, pointer, report);
  return report.add('GL1004', pointer, `${quote(value)} is no key of a user`, 'use tag:NAME, cookie:NAME, header:NAME, anonymous or request');
});

const stickyKeys = listOf('keys', stickyKey, { min: 1, max: KEYS_LIMIT });

const stickyBy: Shape<readonly string[]> = shape(stickyKeys.schema, (value, pointer, report) => {
  if (!stickyKeys.check(value, pointer, report)) return false;
  const end = value.findIndex((key) => key === 'anonymous' || key === 'request');
  return end === -1 || end === value.length - 1
    || report.add('GL1015', step(pointer, end + 1), `${quote(value[end + 1] ?? '')} follows ${quote(value[end] ?? '')}`, `put ${quote(value[end] ?? '')} last: it always gives a key, so nothing after it is ever used`);
});

const salt: Shape<string> = shape({ type: 'string', minLength: 1, pattern: '^[^:]+$' }, (value, pointer, report) => {
  if (!checkText(value, pointer, report) || typeof value !== 'string') return false;
  return (value !== '' && !value.includes(':')) || report.add('GL1004', pointer, `${quote(value)} cannot be a salt`, 'use text without a colon');
});

const instant: Shape<string> = shape({ type: 'string', format: 'date-time' }, (value, pointer, report) => {
  if (typeof value !== 'string') return wrongType(value, pointer, report, "a time such as '2026-03-01T08:00:00Z'");
  return instantMs(value) !== null || report.add('GL1004', pointer, `${quote(value)} is not a time with a zone`, "write ISO 8601 with a zone, such as '2026-03-01T08:00:00Z' or '…+02:00'");
});

/** Milliseconds since 1970, or null when it is no ISO 8601 time with a zone. */
export function instantMs(value: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/.test(value)) return null;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : at;
}

const pause: Shape<Duration | true> = either<true, Duration>(shape({ const: true }, (value) => value === true), duration, (value) => value === true);

const verdictStep: Shape<VerdictStepSpec> = object<VerdictStepSpec>('a verdict step', {
  for: required(duration, 'how long to look'),
  inconclusive: optional(oneOf('pause', 'wait'), 'when nothing is clear by then: hold it for a person, or look on; default pause'),
});

const stepKeys: Shape<StepSpec> = object<StepSpec>('a step', {
  percent: optional(percent, 'share of the audience from here on'),
  pause: optional(pause, 'wait this long, or `true` for a person'),
  verdict: optional(verdictStep, 'wait for the comparison with the control'),
});

const planStep: Shape<StepSpec> = shape(stepKeys.schema, (value, pointer, report) => {
  if (!stepKeys.check(value, pointer, report)) return false;
  const given = Object.keys(value).length;
  return given === 1 || report.add('GL1009', pointer, `a step does one thing, this one has ${given} keys`, 'write { percent }, { pause } or { verdict }, one per step');
});

const versions = mapOf('versions per service', checkName, name, NAME_PATTERN);

export const release: Shape<ReleaseSpec> = object<ReleaseSpec>('a release', {
  name: required(name, 'its name'),
  priority: optional(whole(0, PRIORITY_LIMIT), 'the smaller wins; required as soon as there are two releases'),
  when: required(listOf('clauses', clause, { min: 1, max: CLAUSES_LIMIT }), 'the audience: any of these clauses; [{}] is everybody'),
  percent: optional(percent, 'share of the audience that is in; default 100'),
  holdback: optional(percent, 'share that is always kept out as a control; default 0'),
  stickyBy: optional(stickyBy, 'what makes a user the same user; default ["anonymous"]'),
  salt: optional(salt, "of the percentage hash; default the release's name"),
  versions: required(versions, 'service to version'),
  onUnavailable: optional(oneOf('stable', 'error'), 'when the version has no ready worker; default stable'),
  from: optional(instant, 'takes nobody before'),
  until: optional(instant, 'takes nobody from then on'),
  cache: optional(oneOf('private', 'vary', 'off'), 'what shared caches are told; default private'),
  steps: optional(listOf('steps', planStep, { min: 1, max: STEPS_LIMIT }), 'the plan from the first user to all'),
  guardrails: optional(guardrails, "metrics that it must not make worse, beside the strategy's"),
});

/** What holds between the releases of one document. */
export function checkReleases(releases: readonly ReleaseSpec[], report: Report): void {
  const seen = new Map<string, number>();
  releases.forEach((spec, i) => {
    const at = step('/releases', i);
    const first = seen.get(spec.name);
    if (first === undefined) seen.set(spec.name, i);
    else report.add('GL1016', step(at, 'name'), `the release ${quote(spec.name)} is there twice`, `rename it: releases[${first}] has this name already`);
    if (releases.length > 1 && spec.priority === undefined) report.add('GL1011', at, `the release ${quote(spec.name)} has no \`priority\``, 'give every release a whole number; where two match one request the smaller wins');
    checkWindow(spec, at, report);
  });
}

function checkWindow(spec: ReleaseSpec, pointer: string, report: Report): void {
  if (spec.from === undefined || spec.until === undefined) return;
  const from = instantMs(spec.from) ?? 0;
  const until = instantMs(spec.until) ?? 0;
  if (from >= until) report.add('GL1004', step(pointer, 'until'), `the window ends (${spec.until}) before it begins (${spec.from})`, 'swap the two times', `${nameOf(spec.from)} is not before ${nameOf(spec.until)}`);
}
