// What the pages show to be written can be written: configurations, saved requests and code are taken out of them and read.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { checkStrategy, readStrategy } from '../packages/graylane/src/config/strategy.ts';
import { readDocument } from '../packages/graylane/src/config/document.ts';
import { gatewayPlan } from '../packages/graylane/src/config/gateway/section.ts';
import { readSavedRequests } from '../packages/graylane/src/config/saved-requests.ts';
import { Failure } from '../packages/graylane/src/print/failure.ts';

const root = join(import.meta.dirname, '..');
mkdirSync(join(root, '.cache'), { recursive: true });
/** In the repository, so that snippets find what they import. */
const folder = mkdtempSync(join(root, '.cache/snippets-'));
after(() => rmSync(folder, { recursive: true }));

/** The `at`-th block of this language on a page. */
function snippet(page: string, language: string, at = 0): string {
  const blocks = [...readFileSync(join(root, page), 'utf8').matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'))];
  return blocks[at]?.[1] ?? assert.fail(`${page} has no block ${at} of ${language}`);
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function isStrategy(name: string, text: string): Promise<void> {
  const { document } = await readStrategy(file(name, text), { runnable: false });
  assert.ok(Object.keys(document.services).length > 0);
}

const WEB = "services: { web: { stable: 'v1', versions: { v1: {}, v2: {} } } }";

test('README: a config file', () => isStrategy('readme.ts', snippet('README.md', 'ts')));

test('docs/lanes.md: services and a release', () =>
  isStrategy('lanes.ts', `export default { tags: { os: { header: 'x-os' } },\n${snippet('docs/lanes.md', 'ts').replaceAll('{ … }', "{ script: './delivery.js' }")}};\n`));

test('docs/releases.md: a plan, and guardrails', async () => {
  await isStrategy('plan.ts', `export default { ${WEB}, releases: [{ name: 'next', when: [{}], versions: { web: 'v2' },\n${snippet('docs/releases.md', 'ts')}}] };\n`);
  await isStrategy('guardrails.ts', `export default { ${WEB},\n${snippet('docs/releases.md', 'ts', 1)}};\n`);
});

test('docs/gateway.md: a gateway, but for the certificates that are not there', async () => {
  const { value } = await readDocument(file('gateway.yaml', snippet('docs/gateway.md', 'yaml')));
  const { gateway, ...strategy } = value as Record<string, unknown>;
  const { document } = checkStrategy(strategy, { runnable: false });
  assert.throws(() => gatewayPlan({ document, section: gateway, place: () => ({ file: 'gateway.yaml' }), base: folder }),
    (error) => error instanceof Failure && error.problems.every(({ code }) => code === 'GL0083') && error.problems.length === 2);
});

test('docs/routing.md: saved requests', async () => {
  assert.equal((await readSavedRequests(file('requests.yaml', snippet('docs/routing.md', 'yaml')))).length, 2);
});

test('docs/verdict.md: a verdict', async () => {
  const text = `${snippet('docs/verdict.md', 'ts')}\nexport { answer, reasons, evidence };\n`;
  const { answer, evidence } = await import(pathToFileURL(file('verdict.ts', text)).href) as { readonly answer: string; readonly evidence: readonly unknown[] };
  assert.deepEqual([answer, evidence.length], ['harm', 2]);
});
