// `npm test`: every check, then every test, and how long they took.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
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

/** Side by side: lint takes longest by far, so that each core has a half of it. None needs what another one writes. */
const checks: readonly Step[] = [
  { name: 'types', command: bin('tsc'), args: ['-b', 'tsconfig.json'] },
  { name: 'types of tests', command: bin('tsc'), args: ['-p', 'tsconfig.test.json', '--incremental', '--tsBuildInfoFile', '.cache/tests.tsbuildinfo'] },
  { name: 'lint', command: bin('eslint'), args: ['packages/*/src/**/*.ts'] },
  { name: 'lint of tests', command: bin('eslint'), args: ['.', '--ignore-pattern', 'packages/*/src/**'] },
  { name: 'arrows', command: process.execPath, args: ['tools/arrows.ts'] },
  { name: 'words', command: process.execPath, args: ['tools/words.ts'] },
  { name: 'Node matrix', command: process.execPath, args: ['tools/nodes.ts'] },
];

/** Says what a check had to say when it is over; whether it passed. */
async function passes({ name, command, args }: Step): Promise<boolean> {
  const took = stopwatch();
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit') as Promise<[number | null]>]);
  process.stdout.write(`── ${name}\n${out}${err}   ${took()} s\n`);
  if (status !== 0) console.error(`${name} failed`);
  return status === 0;
}

function stopwatch(): () => number {
  const started = performance.now();
  return () => Math.round((performance.now() - started) / 100) / 10;
}

/** A run takes a fifth of it; whatever keeps the runner from ending, it ends, with a message. */
const TESTS_LIMIT_MS = 50 * 60_000;
/** More than that is no accident of a busy machine. */
const AGAIN_LIMIT = 5;

/** Runs test files, `concurrency` at a time, with one cache of compiled code: a third of what a short file takes is its sources; which of them failed, or null when all passed. */
function failedOf(files: readonly string[], concurrency: number): readonly string[] | null {
  const folder = mkdtempSync(join(tmpdir(), 'graylane-tests-'));
  const failed = join(folder, 'failed');
  const { status, error } = spawnSync(process.execPath, [
    '--conditions=graylane-source', '--import', join(root, 'tools/watchdog.ts'), '--test', `--test-concurrency=${concurrency}`, '--test-timeout=240000',
    '--test-reporter=spec', '--test-reporter-destination=stdout', `--test-reporter=${join(root, 'tools/failed-files.ts')}`, `--test-reporter-destination=${failed}`, ...files,
  ], { cwd: root, stdio: 'inherit', timeout: TESTS_LIMIT_MS, env: { ...process.env, NODE_COMPILE_CACHE: join(root, '.cache/compiled') } });
  if (error !== undefined) console.error(`the tests have not ended after ${TESTS_LIMIT_MS / 60_000} minutes`);
  const names = status === 0 ? null : readFileSync(failed, 'utf8').trim().split('\n').filter((name) => name !== '');
  rmSync(folder, { recursive: true });
  return error === undefined || names === null ? names : [];
}

/** Two files at a time, as these machines have two cores. A few that fail get a second chance alone: process tests measure time. */
function testsPass(): boolean {
  const failed = failedOf(tests, 2);
  if (failed === null) return true;
  if (failed.length === 0 || failed.length > AGAIN_LIMIT) return false;
  console.log(`── tests, again and alone: ${failed.join(', ')}`);
  if (failedOf(failed, 1) !== null) return false;
  console.log(`   passed alone, failed beside others: ${failed.join(', ')}`);
  return true;
}

build();
const only = process.argv[2];
const results = await Promise.all(checks.filter(({ name }) => only === undefined || name === only).map(passes));
if (results.includes(false)) process.exit(1);
if (only === undefined || only === 'tests') {
  const took = stopwatch();
  console.log('── tests');
  if (!testsPass()) {
    console.error('tests failed');
    process.exit(1);
  }
  console.log(`   ${took()} s`);
}
