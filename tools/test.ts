// `npm test`: every check and every test, in the order in which a failure is cheapest to find. Ends with one line of counts.

import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.ts';

const root = join(import.meta.dirname, '..');
const bin = (name: string): string => join(root, 'node_modules/.bin', name);

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const tests = globSync(['packages/*/test/**/*.test.ts', 'conformance/**/*.test.ts', 'bench/**/*.test.ts', 'tools/**/*.test.ts'], { cwd: root, exclude: (name) => name.includes('node_modules') }).sort();

const steps: readonly Step[] = [
  { name: 'types', command: bin('tsc'), args: ['-b', 'tsconfig.json'] },
  { name: 'types of tests', command: bin('tsc'), args: ['-p', 'tsconfig.test.json'] },
  { name: 'lint', command: bin('eslint'), args: ['.'] },
  { name: 'arrows', command: process.execPath, args: ['tools/arrows.ts'] },
  { name: 'words', command: process.execPath, args: ['tools/words.ts'] },
  { name: 'Node matrix', command: process.execPath, args: ['tools/nodes.ts'] },
  // Two at a time: these machines have two cores, and process tests measure time.
  { name: 'tests', command: process.execPath, args: ['--conditions=graylane-source', '--test', '--test-concurrency=2', '--test-timeout=240000', '--test-reporter=spec', ...tests] },
];

build();
const only = process.argv[2];
for (const step of steps) {
  if (only !== undefined && step.name !== only) continue;
  const started = performance.now();
  console.log(`── ${step.name}`);
  const { status } = spawnSync(step.command, step.args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`${step.name} failed`);
    process.exit(1);
  }
  console.log(`   ${Math.round((performance.now() - started) / 100) / 10} s`);
}
