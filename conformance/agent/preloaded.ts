// Makes the loop one file with the agent's parts beside it, as the agent itself is built, and says how a process gets it.
// It knows no suite.

import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { build } from 'esbuild-wasm';
import { bundleAgent, PARTS } from '../../tools/bundle-agent.ts';

/** Without the agent, or with it and that share of the requests forwarded. */
export type Plane = 'bare' | 0 | 100;

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
  const outfile = join(folder, 'loop.mjs');
  await build({ entryPoints: [join(import.meta.dirname, 'loop.ts')], outfile, bundle: true, format: 'esm', platform: 'node', conditions: ['graylane-source'], target: 'node20.19', logLevel: 'warning' });
  return (plane) => (plane === 'bare' ? { flags: [], env: {} } : { flags: ['--import', outfile], env: { LOOP_PERCENT: String(plane) } });
}

/** What the loop had to say at the end of a process, and each fault. */
export function loopLines(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line.startsWith('loop:'));
}
