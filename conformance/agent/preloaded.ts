// Makes the loops files with the agent's parts beside them, as the agent itself is built, and says how a process gets them.
// It knows no suite.

import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { build } from 'esbuild-wasm';
import { bundleAgent, PARTS } from '../../tools/bundle-agent.ts';

/** Without the agent; with it, and that share of the requests forwarded in the process; or all of them by a second process. */
export type Plane = 'bare' | 0 | 100 | 'behind';

export interface Preload {
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What the processes of each plane are started with. */
export async function preloads(): Promise<(plane: Plane) => Preload> {
  await bundleAgent();
  const folder = mkdtempSync(join(tmpdir(), 'graylane-loop-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const { file } of PARTS) copyFileSync(file, join(folder, basename(file)));
  const entryPoints = ['loop', 'behind', 'front'].map((name) => join(import.meta.dirname, `${name}.ts`));
  await build({ entryPoints, outdir: folder, outExtension: { '.js': '.mjs' }, bundle: true, format: 'esm', platform: 'node', conditions: ['graylane-source'], target: 'node20.19', logLevel: 'warning' });
  return (plane) => {
    if (plane === 'bare') return { flags: [], env: {} };
    if (plane === 'behind') return { flags: ['--import', join(folder, 'behind.mjs')], env: {} };
    return { flags: ['--import', join(folder, 'loop.mjs')], env: { LOOP_PERCENT: String(plane) } };
  };
}

/** What a loop had to say at the end of a process, and each fault. */
export function loopLines(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line.startsWith('loop:'));
}
