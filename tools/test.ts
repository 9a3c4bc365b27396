// `npm test`: every check, then every test, and how long they took.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from './build.ts';

const root = join(import.meta.dirname, '..');
const bin = (name: string): string => join(root, 'node_modules/.bin', name);

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const tests = globSync(['packages/*/test/**/*.test.ts', 'conformance/**/*.test.ts', 'bench/**/*.test.ts', 'tools/**/*.test.ts'], { cwd: root, exclude: (name) => name.includes('node_modules') }).sort();

/** What tests need, and what says at once that something is wrong. Side by side: none needs what another one writes. */
const first: readonly Step[] = [
  { name: 'types', command: bin('tsc'), args: ['-b', 'tsconfig.json'] },
  { name: 'arrows', command: process.execPath, args: ['tools/arrows.ts'] },
  { name: 'words', command: process.execPath, args: ['tools/words.ts'] },
  { name: 'Node matrix', command: process.execPath, args: ['tools/nodes.ts'] },
  { name: 'client libraries', command: process.execPath, args: ['conformance/context/install.ts'] },
];

/** One after the other beside the tests, which wait for processes and clocks half of their time. */
const beside: readonly Step[] = [
  { name: 'types of tests', command: bin('tsc'), args: ['-p', 'tsconfig.test.json', '--incremental', '--tsBuildInfoFile', '.cache/tests.tsbuildinfo'] },
  { name: 'lint', command: bin('eslint'), args: ['packages/*/src/**/*.ts'] },
  { name: 'lint of tests', command: bin('eslint'), args: ['.', '--ignore-pattern', 'packages/*/src/**'] },
];
/** Of these: tests measure time, and come first wherever both could run. */
const BESIDE_NICE = 15;

/** Says what a check had to say when it is over; whether it passed. */
async function passes({ name, command, args }: Step, nice: number = 0): Promise<boolean> {
  const took = stopwatch();
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  if (nice > 0 && child.pid !== undefined) setPriority(child.pid, nice);
  const [out, err, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit') as Promise<[number | null]>]);
  process.stdout.write(`── ${name}\n${out}${err}   ${took()} s\n`);
  if (status !== 0) console.error(`${name} failed`);
  return status === 0;
}

function stopwatch(): () => number {
  const started = performance.now();
  return () => Math.round((performance.now() - started) / 100) / 10;
}

/** A run takes a tenth of it; whatever keeps the runner from ending, it ends, with a message. */
const TESTS_LIMIT_MS = 50 * 60_000;
/** Three files on the two cores that these machines have: each of them mostly waits. */
const FILES_AT_A_TIME = 3;
/** More than that is no accident of a busy machine. */
const AGAIN_LIMIT = 5;

/** Runs test files with one cache of compiled code, which spares each a third of a second; which of them failed, or null when all passed. */
async function failedOf(files: readonly string[], concurrency: number): Promise<readonly string[] | null> {
  const folder = mkdtempSync(join(tmpdir(), 'graylane-tests-'));
  const failed = join(folder, 'failed');
  const runner = spawn(process.execPath, [
    '--conditions=graylane-source', '--import', join(root, 'tools/watchdog.ts'), '--test', `--test-concurrency=${concurrency}`, '--test-timeout=240000',
    '--test-reporter=spec', '--test-reporter-destination=stdout', `--test-reporter=${join(root, 'tools/failed-files.ts')}`, `--test-reporter-destination=${failed}`, ...files,
  ], { cwd: root, stdio: 'inherit', timeout: TESTS_LIMIT_MS, env: { ...process.env, NODE_COMPILE_CACHE: join(root, '.cache/compiled') } });
  const [status, signal] = await (once(runner, 'exit') as Promise<[number | null, NodeJS.Signals | null]>);
  if (signal !== null) console.error(`the tests have not ended after ${TESTS_LIMIT_MS / 60_000} minutes`);
  const names = status === 0 ? null : readFileSync(failed, 'utf8').trim().split('\n').filter((name) => name !== '');
  rmSync(folder, { recursive: true });
  return signal === null || names === null ? names : [];
}

/** A few that fail get a second chance alone: process tests measure time. */
async function testsPass(): Promise<boolean> {
  const took = stopwatch();
  console.log('── tests');
  const failed = await failedOf(tests, FILES_AT_A_TIME);
  console.log(`── tests\n   ${took()} s`);
  if (failed === null) return true;
  if (failed.length === 0 || failed.length > AGAIN_LIMIT) return false;
  console.log(`── tests, again and alone: ${failed.join(', ')}`);
  if (await failedOf(failed, 1) !== null) return false;
  console.log(`   passed alone, failed beside others: ${failed.join(', ')}`);
  return true;
}

/** One after the other; false as soon as one has failed. */
async function allPass(steps: readonly Step[], nice: number): Promise<boolean> {
  for (const step of steps) if (!await passes(step, nice)) return false;
  return true;
}

build();
const only = process.argv[2];
const wanted = (steps: readonly Step[]): readonly Step[] => steps.filter(({ name }) => only === undefined || name === only);
const firstResults = await Promise.all(wanted(first).map((step) => passes(step)));
if (firstResults.includes(false)) process.exit(1);
const [areClean, havePassed] = await Promise.all([
  allPass(wanted(beside), only === undefined ? BESIDE_NICE : 0),
  only === undefined || only === 'tests' ? testsPass() : true,
]);
if (!havePassed) console.error('tests failed');
if (!areClean || !havePassed) process.exitCode = 1;
