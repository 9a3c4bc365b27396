// Makes what is loaded into apps: packages/agent/dist/agent.js, one file that imports nothing but Node, and beside it the
// parts that it loads when they are needed: forwarder.cjs where there is somebody to forward to, protocols.cjs
// where a server speaks something else than plain HTTP/1.1, context.cjs and lanes.cjs where a strategy has several services or overrides are about.

import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild-wasm';

const root = join(import.meta.dirname, '..');
export const AGENT_FILE: string = join(root, 'packages/agent/dist/agent.js');

/** It is read and compiled at each start of each worker; why not the 60 kB of the first plan: docs/decisions/0301-size-of-the-agent.md. */
export const AGENT_LIMIT_BYTES = 70_000;

/** CommonJS, for the agent loads it in the middle of a synchronous step, on Node 20 as well. */
export const CONTEXT_FILE: string = join(root, 'packages/agent/dist/context.cjs');
/** About what it does today; only processes of strategies with several services read it. */
export const CONTEXT_LIMIT_BYTES = 24_000;

export const LANES_FILE: string = join(root, 'packages/agent/dist/lanes.cjs');
/** About what it does today. */
export const LANES_LIMIT_BYTES = 16_000;

export const FORWARDER_FILE: string = join(root, 'packages/agent/dist/forwarder.cjs');
/** About what it does today; only workers with somebody to forward to read it. */
export const FORWARDER_LIMIT_BYTES = 48_500;

export const PROTOCOLS_FILE: string = join(root, 'packages/agent/dist/protocols.cjs');
/** About what it does today; only apps with a server that speaks something else than plain HTTP/1.1 read it. */
export const PROTOCOLS_LIMIT_BYTES = 10_000;

export async function bundleAgent(): Promise<number> {
  return write(AGENT_FILE, withBuiltins(await bundle('preload.ts', 'esm')));
}

export async function bundleContext(): Promise<number> {
  return write(CONTEXT_FILE, await bundle('context/plane.ts', 'cjs'));
}

export async function bundleLanes(): Promise<number> {
  return write(LANES_FILE, await bundle('lanes/lanes.ts', 'cjs'));
}

export async function bundleForwarder(): Promise<number> {
  return write(FORWARDER_FILE, await bundle('forwarder.ts', 'cjs'));
}

export async function bundleProtocols(): Promise<number> {
  return write(PROTOCOLS_FILE, await bundle('protocols.ts', 'cjs'));
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

function write(file: string, code: string): number {
  mkdirSync(dirname(file), { recursive: true });
  // In one step, for a worker may be starting with the one before.
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, code);
  renameSync(fresh, file);
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

if (import.meta.main) {
  console.log(`protocols.cjs: ${await bundleProtocols()} bytes of ${PROTOCOLS_LIMIT_BYTES}`);
  console.log(`forwarder.cjs: ${await bundleForwarder()} bytes of ${FORWARDER_LIMIT_BYTES}`);
  console.log(`lanes.cjs: ${await bundleLanes()} bytes of ${LANES_LIMIT_BYTES}`);
  console.log(`context.cjs: ${await bundleContext()} bytes of ${CONTEXT_LIMIT_BYTES}`);
  console.log(`agent.js: ${await bundleAgent()} bytes; the limit, which a test holds it to, is ${AGENT_LIMIT_BYTES}`);
}
