// The whole strategy document: its shape, its JSON Schema, and the one function that parses it.

import { consent, tagSources, tokens } from './clause.ts';
import { checkGuardrails, guardrails, prometheus } from './guardrail.ts';
import { matcherSchema } from './matcher.ts';
import { checkReleases, release } from './release.ts';
import type { StrategyError } from './report.ts';
import { Report, step } from './report.ts';
import { checkName, NAME_PATTERN, oneOf, text, token, truth, whole } from './scalars.ts';
import { checkHosts, checkService, service } from './service.ts';
import type { JsonSchema, Shape } from './shape.ts';
import { listOf, mapOf, object, optional, required } from './shape.ts';
import type { KeepSpec, PropagateSpec, StrategyDocument } from './types.ts';

/** Twice what the compiler is measured for. */
const RELEASES_LIMIT = 20_000;
const LIST_LIMIT = 256;
/** Every data plane holds each of them in memory. */
const GENERATIONS_LIMIT = 64;
/** A definition costs nothing, but nobody goes back further. */
const VERSIONS_LIMIT = 100;

/** A document that has been checked: the only thing that can be compiled. */
export interface Strategy {
  readonly checked: true;
  readonly document: StrategyDocument;
}

export type Parsed = { readonly ok: true; readonly strategy: Strategy } | { readonly ok: false; readonly errors: readonly StrategyError[] };

export interface ParseOptions {
  /** Also wants what `up` needs: a script for every version. */
  readonly runnable?: boolean;
}

const propagate: Shape<PropagateSpec> = object<PropagateSpec>('propagate', {
  headers: optional(listOf('headers', token, { min: 0, max: LIST_LIMIT }), 'headers carried raw to the next service'),
  hosts: optional(listOf('hosts', text, { min: 0, max: LIST_LIMIT }), 'hosts outside the strategy that may receive stamps'),
});

const keep: Shape<KeepSpec> = object<KeepSpec>('keep', {
  generations: optional(whole(2, GENERATIONS_LIMIT), 'generations that hops still route by; default 8'),
  versions: optional(whole(1, VERSIONS_LIMIT), 'former stable versions of each service; default 5'),
});

const root: Shape<StrategyDocument> = object<StrategyDocument>('the strategy', {
  $schema: optional(text, 'the JSON Schema, for editors'),
  tags: optional(mapOf('tags', checkName, tagSources, NAME_PATTERN), 'named facts about the user'),
  services: required(mapOf('services', checkName, service, NAME_PATTERN), 'the services by name'),
  releases: optional(listOf('releases', release, { min: 0, max: RELEASES_LIMIT }), 'the canary releases'),
  mint: optional(oneOf('navigation', 'always'), 'when an anonymous id may be minted; default navigation'),
  consent: optional(consent, 'no anonymous id without it'),
  jwt: optional(tokens, 'which tokens are believed'),
  exposeRoute: optional(truth, 'mark responses with Graylane-Route'),
  serverTiming: optional(truth, 'add Server-Timing to responses'),
  propagate: optional(propagate, 'what is carried to the next service'),
  keep: optional(keep, 'how much of the past stays at hand'),
  guardrails: optional(guardrails, 'metrics that no release may make worse'),
  prometheus: optional(prometheus, 'who is asked for the values of guardrails'),
});

/** Checks everything and reports all faults at once; never throws, whatever `value` is. */
export function parseStrategy(value: unknown, options: ParseOptions = {}): Parsed {
  const report = new Report();
  if (!root.check(value, '', report)) return { ok: false, errors: report.finish() };
  for (const [serviceName, spec] of Object.entries(value.services)) checkService(spec, step('/services', serviceName), report, options.runnable === true);
  checkHosts(value.services, report);
  checkReleases(value.releases ?? [], report);
  checkGuardrails(value, report);
  return report.failed ? { ok: false, errors: report.finish() } : { ok: true, strategy: { checked: true, document: value } };
}

/** JSON Schema (2020-12) of the document, for editors and other languages. */
export function schema(): JsonSchema {
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'graylane strategy', ...root.schema, $defs: { matcher: matcherSchema } };
}
