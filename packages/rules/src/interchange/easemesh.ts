// EaseMesh's ServiceCanary resources as releases; what has no counterpart is said, never dropped.

import { isPlain } from '../document/shape.ts';
import type { Matcher, ReleaseSpec, ServiceSpec, StrategyDocument, VersionSpec } from '../document/types.ts';
import { compileRegex } from '../language/regex/regex.ts';

export interface ImportProblem { readonly resource: string; readonly problem: string }

/** A document to complete with scripts and ports, and what could not be carried over. */
export interface Imported { readonly document: StrategyDocument; readonly problems: readonly ImportProblem[] }

/** Theirs, when a resource names none: 1 to 9, the smaller wins. */
const DEFAULT_PRIORITY = 5;

interface Canary { readonly release: ReleaseSpec; readonly problems: readonly string[] }

/** `resources` are parsed YAML documents; others than ServiceCanary are passed over. `stable` becomes the name of every stable version. */
export function importEaseMesh(resources: readonly unknown[], stable = 'stable'): Imported {
  const canaries = resources.filter(isPlain).filter(({ kind }) => kind === 'ServiceCanary').map(readCanary);
  const services = new Map<string, Map<string, VersionSpec>>();
  for (const { release } of canaries) {
    for (const [service, version] of Object.entries(release.versions)) {
      const versions = services.get(service) ?? new Map<string, VersionSpec>([[stable, {}]]);
      services.set(service, versions.set(version, {}));
    }
  }
  return {
    document: {
      services: Object.fromEntries([...services].map(([name, versions]): [string, ServiceSpec] => [name, { stable, versions: Object.fromEntries(versions) }])),
      releases: canaries.map(({ release }) => release),
    },
    problems: canaries.flatMap(({ release, problems }) => problems.map((problem) => ({ resource: release.name, problem }))),
  };
}

function readCanary(resource: Readonly<Record<string, unknown>>): Canary {
  const metadata = part(resource, 'metadata');
  const spec = part(resource, 'spec');
  const selector = part(spec, 'selector');
  const problems: string[] = [];
  const labels = Object.entries(part(selector, 'matchInstanceLabels')).sort(([a], [b]) => (a < b ? -1 : 1));
  if (labels.length === 0) problems.push('it selects no instances: `matchInstanceLabels` is empty');
  const version = labels.map(([, value]) => String(value)).join('-') || 'canary';
  const matched = selector['matchServices'];
  const services: readonly unknown[] = Array.isArray(matched) ? matched : [];
  const headers = Object.entries(part(part(spec, 'trafficRules'), 'headers')).map(([name, match]): [string, Matcher] => [name, readMatch(name, match, problems)]);
  if (headers.length === 0) problems.push('it has no `trafficRules.headers`: here that would be everybody');
  const { priority } = spec;
  return {
    problems,
    release: {
      name: text(metadata['name']) ?? text(resource['name']) ?? '', priority: typeof priority === 'number' && priority > 0 ? priority : DEFAULT_PRIORITY,
      // All headers have to match there too.
      when: [{ header: Object.fromEntries(headers) }],
      versions: Object.fromEntries(services.map((service) => [String(service), version])),
    },
  };
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Their conditions on one header are alternatives. */
function readMatch(name: string, match: unknown, problems: string[]): Matcher {
  const { empty, exact, prefix, regex, ...others } = isPlain(match) ? match : {};
  for (const key of Object.keys(others)) problems.push(`the header '${name}' is matched by \`${key}\`, which is not known here`);
  const alternatives: Matcher[] = [
    ...(empty === true ? [{ any: ['', { present: false }] }] : []),
    ...(typeof exact === 'string' && exact !== '' ? [exact] : []),
    ...(typeof prefix === 'string' && prefix !== '' ? [{ prefix }] : []),
    ...(typeof regex === 'string' && regex !== '' ? readRegex(name, regex, problems) : []),
  ];
  const [only] = alternatives;
  if (only === undefined) problems.push(`the header '${name}' has no condition that could be carried over: it never matches now`);
  return alternatives.length === 1 && only !== undefined ? only : { any: alternatives.length === 0 ? [{ not: { any: [{ present: true }, { present: false }] } }] : alternatives };
}

/** Theirs match anywhere in the value, ours the whole of it. */
function readRegex(name: string, regex: string, problems: string[]): readonly Matcher[] {
  const open = regex.startsWith('^') ? '' : '.*';
  const close = regex.endsWith('$') && !regex.endsWith('\\$') ? '' : '.*';
  const body = regex.slice(open === '' ? 1 : 0, close === '' ? -1 : undefined);
  // An anchor binds closer than | does.
  if ((open === '' || close === '') && body.includes('|')) {
    problems.push(`the header '${name}': /${regex}/ has an anchor beside |; write the alternatives as separate matchers`);
    return [];
  }
  const whole = `${open}(?:${body})${close}`;
  const compiled = compileRegex(whole);
  if (compiled.ok) return [{ regex: whole }];
  problems.push(`the header '${name}': /${regex}/ has ${compiled.fault.problem}; ${compiled.fault.fix}`);
  return [];
}

function part(value: Readonly<Record<string, unknown>>, key: string): Readonly<Record<string, unknown>> {
  const member = Object.hasOwn(value, key) ? value[key] : undefined;
  return isPlain(member) ? member : {};
}
