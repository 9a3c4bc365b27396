// Runs test files of another project, each a process of its own: bare, with the agent at 0 %, and with every request
// forwarded, in the same process and, where that differs, behind a second one. What passes bare must pass at 0 % and one way
// or the other at 100 %, but for what is known; a test that does not is tried twice more before it is told.
// node --conditions=graylane-source conformance/agent/files.ts FOLDER PATTERN...

import { spawn } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { reasonFor } from './known.ts';
import { loopLines, preloads, type Plane, type Preload } from './preloaded.ts';

/** As many as the smallest machine has processors. */
const AT_ONCE = 2;
/** More than any of them needs; some that differ hang. */
const LIMIT_MS = 30_000;
const TRIES = 3;

const [folder, ...patterns] = process.argv.slice(2);
if (folder === undefined || patterns.length === 0) {
  console.error('give the path of a checkout with its dependencies installed, and patterns of its test files');
  process.exit(2);
}
const root: string = folder;

interface Outcome {
  /** The tests of a file that uses node:test, and the file itself. */
  readonly passed: ReadonlySet<string>;
  readonly output: string;
  readonly loop: readonly string[];
}

/** Node's own tests say in a comment what they have to be started with. */
function flagsOf(file: string): string[] {
  return /^\/\/ Flags: (.*)$/m.exec(readFileSync(file, 'utf8'))?.[1]?.trim().split(/\s+/) ?? [];
}

function run(file: string, preload: Preload, slot: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const own = { TEST_THREAD_ID: String(slot), TEST_SERIAL_ID: String(slot), NODE_COMMON_PORT: String(12_400 + slot * 100), NODE_ENV: 'test' };
    const child = spawn(process.execPath, [...flagsOf(file), ...preload.flags, '--test-reporter=tap', file], { cwd: root, env: { ...process.env, ...own, ...preload.env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    const end = (): void => {
      // Children of a test that failed, too.
      if (child.pid !== undefined) try { process.kill(-child.pid, 'SIGKILL'); } catch { /* all gone */ }
    };
    const timer = setTimeout(end, LIMIT_MS);
    child.once('exit', end);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const passed = passedTests(out);
      if (code === 0) passed.add('');
      resolve({ passed, output: `${out}\n${err}\nexit ${code ?? signal ?? ''}`, loop: loopLines(err) });
    });
  });
}

/** By title; a title that comes twice has passed when all of them have. */
function passedTests(tap: string): Set<string> {
  const passed = new Map<string, boolean>();
  for (const [, not, title = ''] of tap.matchAll(/^ *(not )?ok \d+ - (.*)$/gm)) passed.set(title.trim(), not === undefined && passed.get(title.trim()) !== false);
  return new Set([...passed.keys()].filter((title) => passed.get(title)));
}

const preloadOf = await preloads();
const files = globSync(patterns, { cwd: root }).sort().map((file) => join(root, file));
const totals = { files: 0, bareFailed: 0, tests: 0, inOneProcess: 0, known: 0, unknown: 0 };

async function compare(file: string, slot: number): Promise<void> {
  const bare = await run(file, preloadOf('bare'), slot);
  totals.files += 1;
  totals.tests += bare.passed.size;
  if (!bare.passed.has('')) totals.bareFailed += 1;
  tell(file, 0, await missing(file, 0, bare.passed, slot));
  const inOneProcess = await missing(file, 100, bare.passed, slot);
  totals.inOneProcess += named(inOneProcess).length;
  if (inOneProcess.size > 0) tell(file, 'behind', await missing(file, 'behind', inOneProcess, slot));
}

/** Those of `titles` that do not pass. */
async function missing(file: string, plane: Plane, titles: ReadonlySet<string>, slot: number): Promise<ReadonlySet<string>> {
  let left = titles;
  let last: Outcome | null = null;
  for (let tries = 0; left.size > 0 && (tries === 0 || (tries < TRIES && named(left).some((title) => known(file, title) === null))); tries += 1) {
    last = await run(file, preloadOf(plane), slot);
    const { passed } = last;
    left = new Set([...left].filter((title) => !passed.has(title)));
  }
  if (last === null) return left;
  for (const line of last.loop) if (!/ 0 faults$/.test(line)) console.log(`  ${plane} ${relative(root, file)}: ${line}`);
  if (left.size > 0 && process.env['VERBOSE'] !== undefined) console.log(last.output.replaceAll(/^/gm, `    ${plane} | `));
  return left;
}

/** A file fails with its tests, which say more. */
function named(titles: ReadonlySet<string>): readonly string[] {
  const tests = [...titles].filter((title) => title !== '');
  return tests.length > 0 ? tests : [...titles];
}

function known(file: string, title: string): string | null {
  return reasonFor(relative(root, file), title);
}

function tell(file: string, plane: Plane, titles: ReadonlySet<string>): void {
  for (const title of named(titles)) {
    const why = known(file, title);
    console.log(`  ${plane} ${relative(root, file)}: ${title === '' ? 'the file fails' : title}${why === null ? '' : ` (known: ${why})`}`);
    if (why === null) {
      totals.unknown += 1;
      process.exitCode = 1;
    } else {
      totals.known += 1;
    }
  }
}

const waiting = files.values();
await Promise.all(Array.from({ length: AT_ONCE }, async (_, slot) => {
  for (const file of waiting) await compare(file, slot);
}));
const { files: count, bareFailed, tests, inOneProcess, known: explained, unknown } = totals;
console.log(`${count} files, ${bareFailed} fail bare; of ${tests} tests that pass bare ${inOneProcess} differ in one process; ${explained} differ as is known, ${unknown} otherwise`);
