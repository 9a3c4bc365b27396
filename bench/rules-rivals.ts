// The same decisions by other engines: each gets the releases of one strategy as its own kind of rules.

import { createRequire } from 'node:module';

import type { RequestFields, StrategyDocument } from '@graylane/rules';

/** The lane of a request, or null. */
export type Decide = (request: RequestFields) => string | null | Promise<string | null>;

const require = createRequire(new URL('./rules-rivals/package.json', import.meta.url));

interface RulesEngine { addRule(rule: object): void; run(facts: object): Promise<{ readonly events: readonly { readonly type: string }[] }> }
interface Unleash { isEnabled(name: string, context: object): boolean; destroy(): void; on(event: string, listener: () => void): void }

interface Exact { readonly name: string; readonly tenant: string; readonly regions: readonly string[] }

/** Releases that every engine can express: a tenant by name in some regions. */
export function exactReleases(document: StrategyDocument): readonly Exact[] {
  return (document.releases ?? []).flatMap(({ name, when: [clause] }) => {
    const tenant = clause?.header?.['x-tenant'];
    const region = clause?.header?.['x-region'];
    return typeof tenant === 'string' && region instanceof Array ? [{ name, tenant, regions: region }] : [];
  });
}

function header(request: RequestFields, name: string): string {
  const at = request.rawHeaders.findIndex((line, i) => i % 2 === 0 && line.toLowerCase() === name);
  return at === -1 ? '' : request.rawHeaders[at + 1] ?? '';
}

export function linearScan(releases: readonly Exact[]): Decide {
  return (request) => {
    const [tenant, region] = [header(request, 'x-tenant'), header(request, 'x-region')];
    return releases.find((release) => release.tenant === tenant && release.regions.includes(region))?.name ?? null;
  };
}

export function jsonRulesEngine(releases: readonly Exact[]): Decide {
  const { Engine } = require('json-rules-engine') as { readonly Engine: new () => RulesEngine };
  const engine = new Engine();
  releases.forEach(({ name, tenant, regions }) => engine.addRule({
    conditions: { all: [{ fact: 'tenant', operator: 'equal', value: tenant }, { fact: 'region', operator: 'in', value: regions }] }, event: { type: name },
  }));
  return async (request) => (await engine.run({ tenant: header(request, 'x-tenant'), region: header(request, 'x-region') })).events[0]?.type ?? null;
}

/** One toggle per release, asked in order; the client stays offline. */
export async function unleash(releases: readonly Exact[]): Promise<{ readonly decide: Decide; readonly close: () => void }> {
  const { Unleash: Client } = require('unleash-client') as { readonly Unleash: new (options: object) => Unleash };
  const features = releases.map(({ name, tenant, regions }) => ({
    name, type: 'release', enabled: true, stale: false, impressionData: false, variants: [],
    strategies: [{ name: 'default', parameters: {}, constraints: [{ contextName: 'tenant', operator: 'IN', values: [tenant] }, { contextName: 'region', operator: 'IN', values: regions }] }],
  }));
  const client = new Client({ url: 'http://127.0.0.1:9/', appName: 'bench', refreshInterval: 0, disableMetrics: true, skipInstanceCountWarning: true, bootstrap: { data: features } });
  client.on('error', () => undefined);
  client.on('warn', () => undefined);
  await new Promise<void>((resolve) => client.on('ready', () => resolve()));
  const names = releases.map(({ name }) => name);
  return {
    decide: (request) => {
      const context = { properties: { tenant: header(request, 'x-tenant'), region: header(request, 'x-region') } };
      return names.find((name) => client.isEnabled(name, context)) ?? null;
    },
    close: () => client.destroy(),
  };
}
