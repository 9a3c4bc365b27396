// What stands before the same app in the gateway's benchmark, each as one process with one worker. Starts nothing.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Start } from '../server.ts';

/** Where a proxy finds the versions, and where it listens. */
export interface Sides {
  /** A folder of its own. */
  readonly folder: string;
  readonly stable: string;
  readonly canary: string;
  readonly port: number;
}

export interface Proxy {
  readonly name: string;
  /** What the gateway may cost at most of what this one costs; null where nothing was promised. */
  readonly gatewayMayBe: number | null;
  readonly start: (sides: Sides) => Start;
}

const here = import.meta.dirname;
const rivals = join(here, '../rivals');
const PERCENT = '5';

export const GATEWAY = 'graylane gateway';

export const proxies: readonly Proxy[] = [
  { name: GATEWAY, gatewayMayBe: null, start: (sides) => node(join(here, 'front.ts'), sides, ['--conditions=graylane-source']) },
  { name: 'nginx', gatewayMayBe: 2.2, start: nginx },
  { name: '@fastify/http-proxy', gatewayMayBe: 0.5, start: (sides) => node(join(here, 'fastify.js'), sides) },
  { name: 'http-proxy', gatewayMayBe: 0.5, start: (sides) => node(join(rivals, 'td-http-proxy.js'), sides) },
  { name: 'httpxy', gatewayMayBe: null, start: (sides) => node(join(rivals, 'td-httpxy.js'), sides) },
  { name: 'undici', gatewayMayBe: null, start: (sides) => node(join(rivals, 'td-undici.js'), sides) },
  { name: 'byte pipe', gatewayMayBe: null, start: (sides) => node(join(here, 'pipe.js'), sides) },
];

function node(script: string, { port, stable, canary }: Sides, flags: readonly string[] = []): Start {
  return { command: process.execPath, args: [...flags, script], env: { PORT: String(port), STABLE: stable, CANARY: canary, PERCENT }, listens: port };
}

function nginx({ folder, port, stable, canary }: Sides): Start {
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const names: Readonly<Record<string, string>> = { WORKERS: '1', FOLDER: folder, PORT: String(port), STABLE: stable, CANARY: canary, SHARE: `${PERCENT}% canary;`, USER: user };
  const text = Object.entries(names).reduce((filled, [name, value]) => filled.replaceAll(`@${name}@`, value), readFileSync(join(rivals, 'nginx.conf'), 'utf8'));
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, text);
  return { command: 'nginx', args: ['-e', 'stderr', '-p', folder, '-c', file], env: {}, listens: port };
}
