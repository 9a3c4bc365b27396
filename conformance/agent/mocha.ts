// Runs a suite of mocha (Express has one, and what it is made of) from a checkout (`npm install` done) three times: bare,
// with the agent at 0 %, and with every request forwarded. The outcomes must be the same, test by test, but for what is known.
// node --conditions=graylane-source conformance/agent/mocha.ts FOLDER

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { reasonFor } from './known.ts';
import { loopLines, preloads, type Plane } from './preloaded.ts';

interface Outcome {
  readonly passed: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
  readonly loop: string;
}

interface Report {
  readonly passes: readonly { readonly fullTitle: string }[];
  readonly failures: readonly { readonly fullTitle: string }[];
}

const folder = process.argv[2] ?? '';
/** In newer ones and in older ones. */
const mocha = ['mocha.js', '_mocha'].map((name) => join(folder, 'node_modules/mocha/bin', name)).find((file) => existsSync(file));
if (mocha === undefined) {
  console.error(`no mocha in ${folder || 'no folder'}: give the path of a checkout with its dependencies installed`);
  process.exit(2);
}

const preloadOf = await preloads();

function run(mocha: string, plane: Plane): Outcome {
  const { flags, env } = preloadOf(plane);
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, mocha, ...(existsSync(join(folder, 'test/support/env.js')) ? ['--require', 'test/support/env'] : []), '--reporter', 'json', '--no-bail', '--exit', ...['test/', 'test/acceptance/'].filter((name) => existsSync(join(folder, name)))], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    timeout: 300_000,
    env: { ...process.env, NODE_ENV: 'test', ...env },
  });
  const report = JSON.parse(stdout.slice(stdout.indexOf('{'))) as Report;
  const titles = (tests: Report['passes']): Set<string> => new Set(tests.map(({ fullTitle }) => fullTitle));
  return { passed: titles(report.passes), failed: titles(report.failures), loop: loopLines(stderr).join('; ') };
}

const bare = run(mocha, 'bare');
console.log(`bare: ${bare.passed.size} passed, ${bare.failed.size} failed`);
for (const percent of [0, 100] as const) {
  const outcome = run(mocha, percent);
  console.log(`${percent} %: ${outcome.passed.size} passed, ${outcome.failed.size} failed (${outcome.loop})`);
  for (const title of bare.passed) {
    if (outcome.passed.has(title)) continue;
    const why = percent === 100 ? reasonFor('', title) : null;
    console.log(`  ${outcome.failed.has(title) ? 'fails' : 'did not run'}: ${title}${why === null ? '' : ` (known: ${why})`}`);
    if (why === null) process.exitCode = 1;
  }
}
