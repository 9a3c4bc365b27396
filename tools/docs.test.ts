// The documents say what is true: generated ones are up to date, and every path, command and script that they name exists.

import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { buildProgram } from '../packages/graylane/src/cli/program.ts';
import { cliReference, writtenReference } from './cli-reference.ts';

const root = join(import.meta.dirname, '..');
const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).sort();
const text = (page: string): string => readFileSync(join(root, page), 'utf8');
const scripts = (JSON.parse(text('package.json')) as { scripts: Record<string, string> }).scripts;

test('docs/cli.md is what the program says of itself', () => {
  assert.equal(writtenReference(), cliReference(), 'run: node --conditions=graylane-source tools/cli-reference.ts');
});

test('every path in backquotes and every link leads somewhere', () => {
  const missing: string[] = [];
  for (const page of pages) {
    const paths = [...text(page).matchAll(/`((?:packages|tools|docs|conformance|bench|examples)\/[\w./-]+)`/g)].map((match) => match[1] ?? '');
    const links = [...text(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map((match) => join(dirname(page), match[1] ?? ''));
    for (const path of [...paths, ...links]) if (!existsSync(join(root, path))) missing.push(`${page}: ${path}`);
  }
  assert.deepEqual(missing, []);
  assert.ok(pages.length >= 8, 'the pages were found');
});

test('every npm script that a page names is one', () => {
  const unknown = pages.flatMap((page) => [...text(page).matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1] ?? '').filter((name) => scripts[name] === undefined).map((name) => `${page}: npm run ${name}`));
  assert.deepEqual(unknown, []);
});

test('every graylane command that a page names is one', () => {
  const known = new Set(buildProgram().commands.flatMap((command) => [command.name(), ...command.aliases()]));
  const unknown = pages.filter((page) => page !== 'CHANGELOG.md' && !page.startsWith('docs/decisions')).flatMap((page) =>
    [...text(page).matchAll(/(?:`|npx )graylane ([a-z][a-z-]+)\b/g)].map((match) => match[1] ?? '').filter((name) => !known.has(name)).map((name) => `${page}: graylane ${name}`));
  assert.deepEqual(unknown, []);
});
