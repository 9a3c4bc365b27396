// Checks that imports between packages point only where ARCHITECTURE.md lets them. Fails when it sees suspiciously little.

import { cruise, type IForbiddenRuleType, type IReporterOutput, type ICruiseResult } from 'dependency-cruiser';

/** A package and what it may import of its sisters; the same table stands in ARCHITECTURE.md. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  rules: [],
  verdict: [],
  wire: ['rules'],
  forward: ['wire'],
  agent: ['rules', 'wire', 'forward'],
  gateway: ['rules', 'wire', 'forward'],
  pool: ['wire'],
  control: ['rules', 'verdict', 'wire'],
  graylane: ['rules', 'verdict', 'wire', 'forward', 'agent', 'gateway', 'pool', 'control'],
};
const pure = ['rules', 'verdict', 'wire'];
const withoutDependencies = ['rules', 'verdict', 'wire', 'forward', 'agent'];

/** Fewer modules than this means that the tool could not read the sources and would find nothing wrong in anything. */
const LEAST_MODULES = 60;

const rules: IForbiddenRuleType[] = [
  ...Object.entries(allowed).map(([name, others]) => ({
    name: `arrow-${name}`,
    severity: 'error' as const,
    from: { path: `^packages/${name}/src` },
    to: { path: '^packages/', pathNot: `^packages/(${[name, ...others].join('|')})/` },
  })),
  { name: 'pure', severity: 'error', from: { path: `^packages/(${pure.join('|')})/src` }, to: { dependencyTypes: ['core'] } },
  {
    name: 'no-dependencies',
    severity: 'error',
    from: { path: `^packages/(${withoutDependencies.join('|')})/src` },
    to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'], pathNot: '^packages/' },
  },
  { name: 'no-cycle', severity: 'error', from: { path: '^packages/' }, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
  { name: 'not-resolvable', severity: 'error', from: { path: '^packages/' }, to: { couldNotResolve: true } },
];

const result: IReporterOutput = await cruise(
  ['packages'],
  {
    includeOnly: '^packages/[^/]+/src|^node_modules|^[a-z_]+$|^node:',
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { conditionNames: ['graylane-source', 'import', 'node', 'default'], exportsFields: ['exports'] },
    ruleSet: { forbidden: rules },
    validate: true,
  },
  { extensions: ['.ts', '.js', '.json'] },
);
const { modules, summary } = result.output as ICruiseResult;
const seen = modules.filter((module) => module.source.startsWith('packages/')).length;
for (const violation of summary.violations) console.error(`${violation.rule.name}: ${violation.from} -> ${violation.to}`);
if (seen < LEAST_MODULES) console.error(`arrows: only ${seen} modules were read, at least ${LEAST_MODULES} were expected`);
if (summary.violations.length > 0 || seen < LEAST_MODULES) process.exitCode = 1;
else console.log(`arrows: ${seen} modules, ${summary.totalDependenciesCruised} imports, none against the arrows`);
