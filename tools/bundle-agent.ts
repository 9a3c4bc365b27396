// Makes packages/agent/dist/agent.js: everything that is loaded into an app, as one file that imports nothing but Node.

import { mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';

const root = join(import.meta.dirname, '..');
export const AGENT_FILE: string = join(root, 'packages/agent/dist/agent.js');

/** It is read and compiled at each start of each worker. */
export const AGENT_LIMIT_BYTES = 60_000;

export async function bundleAgent(): Promise<number> {
  const bundle = await rolldown({
    input: join(root, 'packages/agent/src/preload.ts'),
    platform: 'node',
    resolve: { conditionNames: ['graylane-source', 'import', 'node'] },
    external: [/^node:/],
    // Nothing in these packages acts on import, so what is not used goes, documents and schemas first of all.
    treeshake: { moduleSideEffects: false },
    // The oldest Node that the agent loads on.
    transform: { target: 'node20.19' },
  });
  const { output } = await bundle.generate({ format: 'esm', minify: true, codeSplitting: false });
  await bundle.close();
  mkdirSync(dirname(AGENT_FILE), { recursive: true });
  // In one step, for a worker may be starting with the one before.
  const fresh = `${AGENT_FILE}.${process.pid}`;
  writeFileSync(fresh, output[0].code);
  renameSync(fresh, AGENT_FILE);
  return statSync(AGENT_FILE).size;
}

if (import.meta.main) {
  const bytes = await bundleAgent();
  console.log(`agent.js: ${bytes} bytes of ${AGENT_LIMIT_BYTES}`);
  if (bytes > AGENT_LIMIT_BYTES) process.exitCode = 1;
}
