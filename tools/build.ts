// Builds what cannot run from source: the agent's one file, which must load in any app on Node 20 and newer.

import { execFileSync } from 'node:child_process';
import { existsSync, globSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const output = join(root, 'packages/agent/dist/agent.js');

/** Newer sources than the bundle, or none at all. */
function isStale(): boolean {
  if (!existsSync(output)) return true;
  const built = statSync(output).mtimeMs;
  return globSync(['packages/{rules,wire,forward,agent}/src/**/*.ts', 'tools/bundle-agent.ts'], { cwd: root }).some((file) => statSync(join(root, file)).mtimeMs > built);
}

export function build(): void {
  if (isStale()) execFileSync(process.execPath, ['--conditions=graylane-source', join(root, 'tools/bundle-agent.ts')], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}

if (import.meta.main) build();
