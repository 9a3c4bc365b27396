// The documents say what is true: generated ones are up to date, and every path, command and script that they name exists.

import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { LimitsSpec } from '@graylane/rules';
import { buildProgram } from '../packages/graylane/src/cli/program.ts';
import { compileLimits } from '../packages/rules/src/compile/limits.ts';
import { cliReference, writtenReference } from './cli-reference.ts';

const root = join(import.meta.dirname, '..');
const pages = globSync(['*.md', 'docs/**/*.md', 'examples/*/README.md'], { cwd: root }).sort();
const text = (page: string): string => readFileSync(join(root, page), 'utf8');
/** Of the folder that a page stands in, or else of all. */
function scriptsAt(page: string): Record<string, string> {
  const own = [join(dirname(page), 'package.json'), 'package.json'].find((file) => existsSync(join(root, file))) ?? '';
  return (JSON.parse(text(own)) as { scripts?: Record<string, string> }).scripts ?? {};
}

test('docs/cli.md is what the program says of itself', () => {
  assert.equal(writtenReference(), cliReference(), 'run: node --conditions=graylane-source tools/cli-reference.ts');
});

test('every path in backquotes and every link leads somewhere', () => {
  const missing: string[] = [];
  for (const page of pages) {
    const paths = [...text(page).matchAll(/`((?:packages|tools|docs|conformance|bench|examples)\/[\w./-]+)`/g)].map((match) => match[1] ?? '');
    const links = [...text(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map((match) => join(dirname(page), match[1] ?? ''));
    // What is built is there when it has been.
    for (const path of [...paths, ...links]) if (!path.includes('/dist/') && !existsSync(join(root, path))) missing.push(`${page}: ${path}`);
  }
  assert.deepEqual(missing, []);
  assert.ok(pages.length >= 8, 'the pages were found');
});

test('every npm script that a page names is one', () => {
  const unknown = pages.flatMap((page) => [...text(page).matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1] ?? '').filter((name) => scriptsAt(page)[name] === undefined).map((name) => `${page}: npm run ${name}`));
  assert.deepEqual(unknown, []);
});

/** Pages that speak of today; the others speak of what was. */
const present = pages.filter((page) => page !== 'CHANGELOG.md' && !page.startsWith('docs/decisions'));
const shellOf = (page: string): string => [...text(page).matchAll(/```(?:sh)?\n([^]*?)```/g)].map((match) => match[1] ?? '').join('\n').replaceAll('\\\n', ' ');
/** In backquotes, behind `npx`, and in blocks of shell; each up to where the command ends. */
const commandLines = (page: string): string[] => [...text(page).matchAll(/(?:`|npx )graylane ([a-z][^`#|&;\n]*)/g), ...shellOf(page).matchAll(/^(?:\w+=\S+ )*graylane ([a-z][^#|&;\n]*)/gm)].map((match) => match[1] ?? '');

type Command = ReturnType<typeof buildProgram>;
const program = buildProgram();
const flagsOf = (command: Command): string[] => command.options.flatMap(({ long, short }) => [long, short].filter((flag) => flag !== undefined));
const everyCommand = (command: Command): Command[] => [command, ...command.commands.flatMap(everyCommand)];
const find = (parent: Command, name: string): Command | undefined => parent.commands.find((one) => one.name() === name || one.aliases().includes(name));

/** What is wrong with a command line, or null. */
function faultOf(line: string): string | null {
  const [name = '', ...rest] = line.replaceAll(/'[^']*'|"[^"]*"/g, 'x').split(/\s+/);
  const command = find(program, name);
  if (command === undefined) return `no command ${name}`;
  const known = new Set([program, command, ...command.commands].flatMap(flagsOf));
  const foreign = rest.filter((word) => /^--?[a-z]/i.test(word)).map((word) => word.replace(/[,.)].*$/, '')).find((flag) => !known.has(flag));
  return foreign === undefined ? null : `${name} has no ${foreign}`;
}

test('every graylane command that a page names is one, and has the options that it is given', () => {
  const lines = present.flatMap((page) => commandLines(page).map((line) => ({ page, line })));
  assert.deepEqual(lines.flatMap(({ page, line }) => { const fault = faultOf(line); return fault === null ? [] : [`${page}: ${fault}: graylane ${line}`]; }), []);
  assert.ok(lines.length > 100, `${lines.length} command lines were found`);
});

/** Options of other programs. */
const FOREIGN = new Set(['--import', '--auto-compaction-retention', '--max-txn-ops', '--seed', '--short', '--only']);

test('every option in backquotes is one of a command', () => {
  const known = new Set(everyCommand(program).flatMap(flagsOf));
  const unknown = present.flatMap((page) => [...text(page).matchAll(/`(?:-- )?(--[a-z][a-z-]+)/g)].map((match) => match[1] ?? '').filter((flag) => !known.has(flag) && !FOREIGN.has(flag)).map((flag) => `${page}: ${flag}`));
  assert.deepEqual(unknown, []);
  assert.deepEqual([...FOREIGN].filter((flag) => known.has(flag)), []);
});

test('every metric that a page names is one', () => {
  const known = new Set([...text('docs/metrics.md').matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1] ?? ''));
  const named = pages.flatMap((page) => [...text(page).matchAll(/\b(?:graylane|process|nodejs|http_server)_[a-z0-9_]*[a-z0-9]/g)].map(([name]) => ({ page, name })));
  assert.deepEqual(named.filter(({ name }) => !known.has(name) && ![...known].some((one) => name.startsWith(`${one}_`))).map(({ page, name }) => `${page}: ${name}`), []);
  assert.ok(known.size > 15 && named.length > known.size, 'metrics were found');
});

/** Between processes of graylane, or for tests alone. */
const INNER = new Set(['GRAYLANE_ANCHOR', 'GRAYLANE_ANCHOR_TASK', 'GRAYLANE_ACTIVATED', 'GRAYLANE_EDGE', 'GRAYLANE_AGENT', 'GRAYLANE_LONG']);
const namesIn = (texts: readonly string[], pattern: RegExp): Set<string> => new Set(texts.flatMap((one) => [...one.matchAll(pattern)].map(([name]) => name)));
const sources = globSync('packages/*/src/**/*.ts', { cwd: root }).map(text);

test('variables of the environment stand in the pages as they stand in the code', () => {
  const [inPages, inCode] = [present.map(text), sources].map((texts) => namesIn(texts, /GRAYLANE_[A-Z_]*[A-Z]/g)) as [Set<string>, Set<string>];
  assert.deepEqual([...inPages].filter((name) => !inCode.has(name) && !INNER.has(name)), [], 'pages only');
  assert.deepEqual([...inCode].filter((name) => !inPages.has(name) && !INNER.has(name)), [], 'code only');
});

test('every code that a page names is one', () => {
  const known = namesIn(sources, /GL\d{4}/g);
  assert.deepEqual([...namesIn(present.map(text), /GL\d{4}/g)].filter((code) => !known.has(code)), []);
});

test('every link into a page leads to a heading', () => {
  const anchor = (heading: string): string => heading.trim().toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
  const anchors = (page: string): Set<string> => new Set([...text(page).matchAll(/^#+ (.*)$/gm)].map((match) => anchor(match[1] ?? '')));
  const missing = pages.flatMap((page) => [...text(page).matchAll(/\]\(([^):\s]*)#([^)\s]+)\)/g)].filter(([, to = '', at = '']) => !anchors(to === '' ? page : join(dirname(page), to)).has(at)).map(([link]) => `${page}: ${link}`));
  assert.deepEqual(missing, []);
});

test('what docs/forwarding.md says a service can set, it can', () => {
  const sets: LimitsSpec = { inFlight: 1, waiting: 1, wait: 1, connectTimeout: 1, responseTimeout: 1, idleTimeout: 1, responseHeadBytes: 1 };
  const rows = [...text('docs/forwarding.md').matchAll(/^\| (`[a-z]\w+`[^|]*) \|[^|]*\| (`\w+`[^|]*) \|[^|]*\|$/gm)].map(([, limits = '', names = '']) => [limits, names].map((cell) => [...cell.matchAll(/`(\w+)`/g)].map((match) => match[1] ?? '')));
  assert.deepEqual(rows.flatMap(([, names = []]) => names).sort(), Object.keys(sets).sort());
  for (const [limits = [], names = []] of rows) assert.deepEqual(Object.keys(compileLimits(Object.fromEntries(names.map((name) => [name, 1])))).sort(), [...limits].sort());
});

test('every dependency has a line of reasons', () => {
  const reasons = text('docs/decisions/dependencies.md');
  const manifests = globSync(['package.json', '{packages,examples,conformance,bench}/*/package.json', 'bench/package.json', 'conformance/*/*/package.json'], { cwd: root, exclude: (name) => name.includes('node_modules') });
  const named = manifests.flatMap((file) => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(text(file)) as Record<string, Record<string, string> | undefined>;
    return Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }).map(([name, range]) => /^npm:(.+)@/.exec(range)?.[1] ?? name).filter((name) => !/^(?:@graylane\/|@types\/|graylane$)/.test(name)).map((name) => ({ file, name }));
  });
  assert.deepEqual(named.filter(({ name }) => !reasons.includes(name)), []);
  assert.ok(named.length > 20);
});
