// Makes packages/agent/dist/agent.js: everything that is loaded into an app, as one file that imports nothing but Node.

import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild-wasm';

const root = join(import.meta.dirname, '..');
export const AGENT_FILE: string = join(root, 'packages/agent/dist/agent.js');

/** It is read and compiled at each start of each worker; why not the 60 kB of the first plan: docs/decisions/0301-size-of-the-agent.md. */
export const AGENT_LIMIT_BYTES = 115_000;

export async function bundleAgent(): Promise<number> {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'packages/agent/src/preload.ts')],
    outfile: AGENT_FILE,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    conditions: ['graylane-source'],
    // The oldest Node that the agent loads on.
    target: 'node20.19',
    legalComments: 'none',
    logLevel: 'warning',
    write: false,
  });
  const code = withBuiltins(outputFiles[0]?.text ?? '');
  mkdirSync(dirname(AGENT_FILE), { recursive: true });
  // In one step, for a worker may be starting with the one before.
  const fresh = `${AGENT_FILE}.${process.pid}`;
  writeFileSync(fresh, code);
  renameSync(fresh, AGENT_FILE);
  return Buffer.byteLength(code);
}

/**
 * Takes Node's modules by name in place of importing them. An import reads every export, and reading all of `node:http`
 * loads the whole of fetch for its WebSocket: ten times the agent's own cost, at each start of each worker.
 */
function withBuiltins(code: string): string {
  return code
    .replaceAll(/import\*as ([\w$]+) from"(node:[\w/]+)";?/g, 'const $1=process.getBuiltinModule("$2");')
    .replaceAll(/import\{([^}]*)\}from"(node:[\w/]+)";?/g, (_, names: string, module: string) => `const{${names.replaceAll(' as ', ':')}}=process.getBuiltinModule("${module}");`);
}

if (import.meta.main) console.log(`agent.js: ${await bundleAgent()} bytes; the limit, which a test holds it to, is ${AGENT_LIMIT_BYTES}`);
