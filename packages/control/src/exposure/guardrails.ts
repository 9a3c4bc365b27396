// The guardrails of the document, as verdicts and queries need them.

import type { GuardrailSpec, ReleaseSpec, StrategyDocument } from '@graylane/rules';
import type { MetricGuardrail } from '@graylane/verdict';

/** Of the whole strategy, and of one release. */
export function guardrailsOf(common: readonly GuardrailSpec[], { guardrails }: Pick<ReleaseSpec, 'guardrails'>): readonly GuardrailSpec[] {
  return [...common, ...(guardrails ?? [])];
}

export function metricGuardrails(common: readonly GuardrailSpec[], spec: Pick<ReleaseSpec, 'guardrails'>): readonly MetricGuardrail[] {
  return guardrailsOf(common, spec).map(({ name, worse, ratio }) => ({ kind: 'metric', name, worse, ...(ratio === undefined ? {} : { margin: { ratio } }) }));
}

/** Who is asked for their values, or null. */
export function prometheusOf({ prometheus }: StrategyDocument): string | null {
  return prometheus?.url ?? null;
}
