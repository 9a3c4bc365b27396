// What is measured: the bare app, the proxies in front of two versions of it, graylane. Starts and stops them; measures nothing.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../conformance/bytes/bare.ts';
import { startGraylane } from './graylane.ts';
import type { Server, Start } from './server.ts';
import { startServer } from './server.ts';

export interface Contestant {
  readonly name: string;
  /** Share of the users that the canary gets, or null where there is no canary. */
  readonly percent: number | null;
  /** Programs it needs beyond Node. */
  readonly programs: readonly string[];
  readonly start: (place: Place) => Promise<Server>;
}

export interface Place {
  /** A folder of the contestant's own. */
  readonly folder: string;
  /** Processes of the stable version, and workers of a proxy in front. */
  readonly workers: number;
}

const app = join(import.meta.dirname, 'app.js');
const rivals = join(import.meta.dirname, 'rivals');
/** What every ratio is to. */
export const REFERENCE = 'bare';
const PERCENTS = [0, 5, 50];

export const contestants: readonly Contestant[] = [
  { name: REFERENCE, percent: null, programs: [], start: bare },
  { name: 'no forwarding 5 %', percent: null, programs: [], start: (place) => asideOf(place, 5) },
  ...PERCENTS.map((percent): Contestant => ({ name: `graylane ${percent} %`, percent, programs: [], start: ({ workers }) => startGraylane({ app, workers, percent }) })),
  ...[5, 50].flatMap((percent) => [inFront('nginx', percent, ['nginx'], nginx), inFront('HAProxy', percent, ['haproxy'], haproxy)]),
  inFront('TD on undici', 5, [], (sides) => node('td-undici.js', sides)),
  inFront('TD on httpxy', 5, [], (sides) => node('td-httpxy.js', sides)),
  inFront('TD on http-proxy', 5, [], (sides) => node('td-http-proxy.js', sides)),
];

/** Where a proxy in front finds the two versions, and where it listens. */
interface Sides {
  readonly folder: string;
  readonly workers: number;
  readonly stable: string;
  readonly canary: string;
  readonly percent: number;
  readonly port: number;
}

async function bare({ workers }: Place): Promise<Server> {
  const port = await freePort();
  const env = { PORT: String(port), REUSE_PORT: '1' };
  return startServer(port, Array.from({ length: workers }, () => ({ command: process.execPath, args: [app], env, listens: port })));
}

/** What a canary costs with nothing at all between it and the client: a server that is asked seldom has cold caches, and wakes up for each request. */
async function asideOf(place: Place, percent: number): Promise<Server> {
  const [main, other] = await Promise.all([bare(place), bare({ ...place, workers: 1 })]);
  return {
    port: main.port,
    aside: { port: other.port, share: percent / 100 },
    pids: () => [...main.pids(), ...other.pids()],
    stop: async () => {
      await Promise.all([main.stop(), other.stop()]);
    },
  };
}

/** A proxy costs the same at every share; the native ones are measured at both, beside what graylane promises. */
function inFront(name: string, percent: number, programs: readonly string[], proxy: (sides: Sides) => Start): Contestant {
  return {
    name: `${name} ${percent} %`,
    percent,
    programs,
    start: async ({ folder, workers }: Place) => {
      const sides: Sides = { folder, workers, percent, stable: join(folder, 'stable.sock'), canary: join(folder, 'canary.sock'), port: await freePort() };
      const version = (build: string, path: string): Start => ({ command: process.execPath, args: [app], env: { BUILD: build, PORT: path }, listens: path });
      return startServer(sides.port, [version('v1', sides.stable), version('v2', sides.canary), proxy(sides)]);
    },
  };
}

function node(script: string, { port, stable, canary, percent }: Sides): Start {
  return { command: process.execPath, args: [join(rivals, script)], env: { PORT: String(port), STABLE: stable, CANARY: canary, PERCENT: String(percent) }, listens: port };
}

function nginx(sides: Sides): Start {
  // Workers run as nobody by default and could then not reach the sockets.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const file = fill('nginx.conf', { ...sidesText(sides), USER: user, SHARE: sides.percent === 0 ? '' : `${sides.percent}% canary;` }, sides.folder);
  return { command: 'nginx', args: ['-e', 'stderr', '-p', sides.folder, '-c', file], env: {}, listens: sides.port };
}

function haproxy(sides: Sides): Start {
  const file = fill('haproxy.cfg', { ...sidesText(sides), BUCKETS: String(sides.percent * 10_000) }, sides.folder);
  return { command: 'haproxy', args: ['-db', '-f', file], env: {}, listens: sides.port };
}

function sidesText(sides: Sides): Record<string, string> {
  return { WORKERS: String(sides.workers), FOLDER: sides.folder, PORT: String(sides.port), STABLE: sides.stable, CANARY: sides.canary };
}

function fill(template: string, values: Readonly<Record<string, string>>, folder: string): string {
  const text = Object.entries(values).reduce((filled, [name, value]) => filled.replaceAll(`@${name}@`, value), readFileSync(join(rivals, template), 'utf8'));
  const file = join(folder, template);
  writeFileSync(file, text);
  return file;
}
