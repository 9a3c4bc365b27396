// Checks guardrails: numbers from elsewhere that a canary must not make worse. It must not know who asks for them.

import type { Report } from './report.ts';
import { quote, step } from './report.ts';
import { checkText, name, oneOf, text } from './scalars.ts';
import type { Shape } from './shape.ts';
import { listOf, object, optional, required, shape, wrongType } from './shape.ts';
import type { GuardrailSpec, PrometheusSpec, ReleaseSpec, StrategyDocument } from './types.ts';

/** Each splits the error budget once more; beyond this none of them sees anything in time. */
const GUARDRAILS_LIMIT = 32;
/** Ten times worse is a metric without a guard. */
const RATIO_LIMIT = 10;

const ratio: Shape<number> = shape({ type: 'number', exclusiveMinimum: 0, maximum: RATIO_LIMIT }, (value, pointer, report) => {
  if (typeof value !== 'number') return wrongType(value, pointer, report, 'a number such as 0.25');
  return (value > 0 && value <= RATIO_LIMIT) || report.add('GL1004', pointer, `${value} is no margin`, `use a number above 0 and up to ${RATIO_LIMIT}: 0.25 lets the value be a quarter worse`);
});

/** The names that are filled in; anything else in double braces would be sent as it stands. */
const LABELS: readonly string[] = ['service', 'version', 'release'];

const query: Shape<string> = shape(text.schema, (value, pointer, report) => {
  if (!text.check(value, pointer, report)) return false;
  if (value.trim() === '') return report.add('GL1004', pointer, 'the query is empty', 'write PromQL that yields one number');
  const unknown = [...value.matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g)].map(([, label = '']) => label).find((label) => !LABELS.includes(label));
  return unknown === undefined || report.add('GL1004', pointer, `${quote(unknown)} is no label that is filled in`, `use ${LABELS.map((label) => `{{${label}}}`).join(', ')}`);
});

export const guardrails: Shape<readonly GuardrailSpec[]> = listOf('guardrails', object<GuardrailSpec>('a guardrail', {
  name: required(name, 'its name, as the verdict calls it'),
  query: required(query, 'PromQL that yields one number; {{service}}, {{version}} and {{release}} are filled in'),
  worse: required(oneOf('higher', 'lower'), 'which way is worse'),
  ratio: optional(ratio, 'how much worse it may be, relative to the control; default 0.25'),
}), { min: 1, max: GUARDRAILS_LIMIT });

const address: Shape<string> = shape({ type: 'string', pattern: '^https?://' }, (value, pointer, report) => {
  if (!checkText(value, pointer, report) || typeof value !== 'string') return false;
  return /^https?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/.test(value)
    || report.add('GL1004', pointer, `${quote(value)} is not the address of a Prometheus server`, "write it as 'http://127.0.0.1:9090', without user, query or fragment");
});

export const prometheus: Shape<PrometheusSpec> = object<PrometheusSpec>('prometheus', {
  url: required(address, "where it answers, such as 'http://127.0.0.1:9090'"),
});

/** What holds between the guardrails of a document: one name each, and somebody to ask. */
export function checkGuardrails(document: StrategyDocument, report: Report): void {
  const common = document.guardrails ?? [];
  checkList(common, [], '/guardrails', report);
  (document.releases ?? []).forEach((spec, i) => checkList(spec.guardrails ?? [], common, step(step('/releases', i), 'guardrails'), report));
  const first = common.length > 0 ? '/guardrails' : firstOwn(document.releases ?? []);
  if (first !== null && document.prometheus === undefined) report.add('GL1001', first, 'there are guardrails, but nobody to ask for their values', "add `prometheus: { url: 'http://…' }` to the strategy");
}

function checkList(list: readonly GuardrailSpec[], common: readonly GuardrailSpec[], pointer: string, report: Report): void {
  const taken = new Set(common.map((guardrail) => guardrail.name));
  list.forEach((guardrail, i) => {
    if (taken.has(guardrail.name)) report.add('GL1016', step(step(pointer, i), 'name'), `the guardrail ${quote(guardrail.name)} is there twice`, 'rename one of them: verdicts tell them apart by their names');
    taken.add(guardrail.name);
  });
}

function firstOwn(releases: readonly ReleaseSpec[]): string | null {
  const at = releases.findIndex((spec) => (spec.guardrails ?? []).length > 0);
  return at === -1 ? null : step(step('/releases', at), 'guardrails');
}
