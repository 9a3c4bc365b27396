// Makes what is loaded into apps: packages/agent/dist/agent.js, one file that imports nothing but Node, and beside it the
// parts that it loads when they are needed.

import { mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild-wasm';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'packages/agent/dist');

export const AGENT_FILE: string = join(dist, 'agent.js');
/** It is read and compiled at each start of each worker: docs/decisions/0301-size-of-the-agent.md. */
export const AGENT_LIMIT_BYTES = 60_000;

interface Part {
  readonly file: string;
  readonly entry: string;
  /** About what it has today. */
  readonly limitBytes: number;
}

/** CommonJS, for the agent loads them in the middle of a synchronous step, on Node 20 as well. */
export const PARTS: readonly Part[] = [
  // Beside another version.
  { file: join(dist, 'forwarder.cjs'), entry: 'forwarder.ts', limitBytes: 60_000 },
  // Where a server speaks something else than plain HTTP/1.1, a response says how it was routed, or what is asked cannot be.
  { file: join(dist, 'protocols.cjs'), entry: 'protocols.ts', limitBytes: 11_000 },
  // Where a strategy believes tokens.
  { file: join(dist, 'tokens.cjs'), entry: 'tokens.ts', limitBytes: 6_000 },
  // Where a strategy has several services.
  { file: join(dist, 'context.cjs'), entry: 'context/plane.ts', limitBytes: 24_000 },
  // There, and where overrides are about.
  { file: join(dist, 'lanes.cjs'), entry: 'lanes/lanes.ts', limitBytes: 16_000 },
];

/** The parts first: an agent of today never meets those of yesterday. */
export async function bundleAgent(): Promise<void> {
  for (const { file, entry } of PARTS) write(file, await bundle(entry, 'cjs'));
  write(AGENT_FILE, withBuiltins(await bundle('preload.ts', 'esm')));
}

async function bundle(entry: string, format: 'esm' | 'cjs'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(root, 'packages/agent/src', entry)],
    outfile: AGENT_FILE,
    bundle: true,
    minify: true,
    format,
    platform: 'node',
    conditions: ['graylane-source'],
    // The oldest Node that the agent loads on.
    target: 'node20.19',
    legalComments: 'none',
    logLevel: 'warning',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

function write(file: string, code: string): void {
  mkdirSync(dist, { recursive: true });
  // In one step, for a worker may be starting with the one before.
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, code);
  renameSync(fresh, file);
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

if (import.meta.main) {
  await bundleAgent();
  for (const { file, limitBytes } of [...PARTS, { file: AGENT_FILE, limitBytes: AGENT_LIMIT_BYTES }]) console.log(`${basename(file)}: ${statSync(file).size} bytes of ${limitBytes}`);
}
