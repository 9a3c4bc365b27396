// One server with an etcd and a strategy of many releases, as a process of its own, and how much memory that process has.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAuthority } from '../../conformance/fleet/authority.ts';
import { runGraylane, startGraylane } from '../../conformance/fleet/process.ts';
import { freePort, startEtcd } from '../../packages/control/test/support/etcd.ts';

export interface OneServer {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
  readonly pid: number;
  /** Changes one release; the generation that it becomes. */
  split(turn: number): Promise<number>;
  end(): Promise<void>;
}

export async function startOneServer(releases: number): Promise<OneServer> {
  const folder = mkdtempSync(join(tmpdir(), 'glb-'));
  const authority = makeAuthority(folder);
  const certificate = authority.issue('server', ['127.0.0.1']);
  const etcd = await startEtcd();
  const where = { folder: join(folder, 'server'), run: join(folder, 'r') };
  mkdirSync(where.folder);
  const config = join(folder, 'graylane.config.json');
  writeFileSync(config, JSON.stringify(documentOf(releases)));
  const port = await freePort();
  const machine = startGraylane(['server', config, '--store', `etcd://${etcd.host}/bench`, '--api', `127.0.0.1:${port}`, '--api-cert', certificate.cert, '--api-key', certificate.key], where);
  await machine.ready;
  const made = await runGraylane(['token', 'create', 'bench', '--scope', 'admin'], where);
  if (made.status !== 0) throw new Error(made.said);
  const { token } = made.out as { readonly token: string };
  const ca = readFileSync(authority.ca, 'utf8');
  const agent = new Agent({ keepAlive: true, ca });
  return {
    url: `https://127.0.0.1:${port}`, ca, token, pid: machine.pid,
    split: (turn) => split(agent, port, token, 1 + (turn % 90)),
    end: async () => {
      agent.destroy();
      await machine.end('SIGTERM');
      await etcd.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Each release has users of its own, so that nobody has to analyse overlaps. */
function documentOf(releases: number): object {
  const names = Array.from({ length: releases }, (_, n) => `r${n}`);
  const versions = Object.fromEntries(['v1', ...names.map((name) => `v-${name}`)].map((version) => [version, { upstreams: ['127.0.0.1:9'] }]));
  return {
    services: { web: { listen: 8080, stable: 'v1', versions } },
    releases: names.map((name, n) => ({ name, priority: n, when: [{ header: { 'x-team': name } }], percent: 10, versions: { web: `v-${name}` } })),
  };
}

function split(agent: Agent, port: number, token: string, percent: number): Promise<number> {
  const body = JSON.stringify({ percent: `${percent}%` });
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, agent, method: 'POST', path: '/api/v1/releases/r0/split', headers: { authorization: `Bearer ${token}`, 'if-match': '*', 'content-type': 'application/json', 'content-length': body.length } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => { text += part; });
      response.once('end', () => {
        if (response.statusCode === 200) resolve((JSON.parse(text) as { readonly generation: number }).generation);
        else reject(new Error(text));
      });
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** Resident bytes of a process now; NaN where there is no /proc. */
export function memoryOf(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
  } catch {
    return Number.NaN;
  }
}

/** Milliseconds of processor time of a process so far; NaN where there is no /proc. */
export function cpuOf(pid: number): number {
  try {
    const [, , ...fields] = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/\(.*\)/, '()').split(' ');
    return (Number(fields[11]) + Number(fields[12])) * (1_000 / TICKS_PER_S);
  } catch {
    return Number.NaN;
  }
}

/** USER_HZ of Linux. */
const TICKS_PER_S = 100;

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((share / 100) * sorted.length) - 1)] ?? Number.NaN;
}
