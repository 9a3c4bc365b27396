// The table of what gateways do of what a gateway for versions needs. What can be asked is asked in the same run; the rest is by
// their documentation, and marked so.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../conformance/bytes/bare.ts';
import { startServer } from '../server.ts';
import type { Server } from '../server.ts';
import { median } from '../statistics.ts';
import { startApps } from './apps.ts';
import { h2load } from './loads.ts';
import type { Done } from './loads.ts';
import { probe } from './probes.ts';
import type { Probe } from './probes.ts';
import { APART, RIVALS, startOf } from './rivals.ts';
import type { Rival, Sides } from './rivals.ts';

export interface FeatureRun {
  readonly folder: string;
  readonly certificate: { readonly cert: string; readonly key: string };
  readonly h2loadProgram: string;
  readonly connections: number;
  readonly seconds: number;
  readonly measure: (contestants: Readonly<Record<string, { readonly server: Server; readonly load: () => Promise<Done> }>>) => Promise<ReadonlyMap<string, readonly number[]>>;
}

interface Contestant {
  readonly sides: Sides;
  readonly server: Server;
}

/** In the order of RIVALS, of the versions that Debian 12 and npm have. */
const BY_DOCUMENTATION: readonly (readonly string[])[] = [
  ['version by user: cookie, header, sticky percentage', 'yes, analysed', 'map, split_clients', 'ACLs, hashes of a field', 'matchers; no sticky share', 'own code'],
  ['strategy changed live', 'yes, numbered', 'at a reload', 'maps and weights at run time', 'its admin API', 'own code'],
  ['certificates changed', 'live; a bad one is refused', 'at a reload', 'at run time, by command', 'own ones (ACME) live; files at a reload', 'no TLS'],
  ['names looked up again', 'by their time to live; last good ones stay', 'with a variable and `resolver`', 'with `resolvers`', 'with `dynamic a`', 'by Node, for each connection'],
  ['ACME, caching, compression, files', 'no', 'all but ACME', 'cache, compression', 'all but caching', 'no'],
];
/** Has none at all. */
const NO_MIRROR: ReadonlySet<Rival> = new Set(['HAProxy', 'Caddy', 'httpxy']);
const MIRROR: Probe = 'a mirror that never answers holds nobody up';

export const ASKED: readonly Probe[] = [
  'HTTP/2 by ALPN', 'HTTP/2 by prior knowledge', 'an HTTP/2 upstream', 'gRPC with its trailers', 'a WebSocket over HTTP/1.1', 'a WebSocket on an HTTP/2 stream',
  'PROXY headers, both versions', 'active health checks', MIRROR,
];

export async function featureTable(run: FeatureRun): Promise<string> {
  const contestants: Partial<Record<Rival, Contestant>> = {};
  const cells = new Map<Probe, string[]>(ASKED.map((name) => [name, []]));
  const closes: (() => void)[] = [];
  try {
    for (const rival of RIVALS) {
      // Apps of its own: what they have seen is what this one did.
      const apps = await startApps();
      closes.push(apps.close);
      const sides = await sidesOf(run, rival, apps);
      const server = await startServer(sides.doors.plain, [startOf(rival, sides)]);
      contestants[rival] = { sides, server };
      for (const name of ASKED) {
        const works = await probe(name, { rival, doors: sides.doors, seen: apps.seen });
        cells.get(name)?.push(works ? 'yes' : name === MIRROR && NO_MIRROR.has(rival) ? 'no mirror' : 'no');
      }
    }
    const costs = await costRows(run, contestants as Record<Rival, Contestant>, cells);
    const line = (row: readonly string[]): string => `| ${row.join(' | ')} |`;
    return [
      line(['', ...RIVALS]), line(['---', ...RIVALS.map(() => '---')]),
      ...BY_DOCUMENTATION.map(([name = '', ...row]) => line([`${name} ¹`, ...row])),
      ...[...cells].map(([name, row]) => line([name, ...row])),
      ...costs.map(line),
      '', '¹ by documentation; every other line was asked of the running programs in this run (`bench/edge/probes.ts`).',
    ].join('\n');
  } finally {
    for (const contestant of Object.values(contestants)) await contestant.server.stop();
    for (const close of closes) close();
  }
}

/** CPU of the gateway alone, for a small answer. */
async function costRows({ measure, h2loadProgram, connections, seconds }: FeatureRun, contestants: Readonly<Record<Rival, Contestant>>, cells: ReadonlyMap<Probe, readonly string[]>): Promise<string[][]> {
  const loads: Record<string, { server: Server; load: () => Promise<Done> }> = {};
  RIVALS.forEach((rival, i) => {
    const { server, sides: { doors } } = contestants[rival];
    loads[`${rival} 1`] = { server, load: () => h2load({ program: h2loadProgram, url: `http://127.0.0.1:${doors.plain}/`, http1: true, connections, seconds }) };
    if (cells.get('HTTP/2 by prior knowledge')?.[i] !== 'yes') return;
    const port = APART.has(rival) ? doors.h2c : doors.plain;
    loads[`${rival} 2`] = { server, load: () => h2load({ program: h2loadProgram, url: `http://127.0.0.1:${port}/`, http1: false, connections, seconds }) };
  });
  const found = await measure(loads);
  const cell = (key: string): string => {
    const runs = found.get(key);
    return runs === undefined ? '–' : median(runs).toFixed(0);
  };
  return [
    ['CPU µs a request over HTTP/1.1, gateway only', ...RIVALS.map((rival) => cell(`${rival} 1`))],
    ['CPU µs a request over HTTP/2, gateway only', ...RIVALS.map((rival) => cell(`${rival} 2`))],
  ];
}

/** Free ports, and what is on disk, for one contestant. */
export async function sidesOf({ folder, certificate: { cert, key } }: Pick<FeatureRun, 'folder' | 'certificate'>, rival: Rival, { app, http2App, silent }: Pick<Sides, 'app' | 'http2App' | 'silent'>): Promise<Sides> {
  const own = join(folder, rival.replace(' ', '-'));
  mkdirSync(own);
  const both = join(own, 'both.pem');
  writeFileSync(both, readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'));
  const [plain, h2c, tls, proxied, mirrored] = [await freePort(), await freePort(), await freePort(), await freePort(), await freePort()];
  return { folder: own, certificate: { cert, key, both }, app, http2App, silent, doors: { plain, h2c, tls, proxied, mirrored } };
}
