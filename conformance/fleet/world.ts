// A fleet on one host: etcd, servers and machines, each on a loopback address of its own. Started with one call, ended with one.

import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, startEtcd, type Etcd } from '../../packages/control/test/support/etcd.ts';
import { makeAuthority, type Authority } from './authority.ts';
import type { Grounds } from './grounds.ts';
import { startWires, type Wires } from './wires.ts';
import { fromSource, startGraylane, type Machine, type Where } from './process.ts';

export interface NodePlan {
  readonly name: string;
  readonly labels?: readonly string[];
  /** `service/version`; all when absent. */
  readonly run?: readonly string[];
  /** What its clock is wrong by, in all of its processes. */
  readonly skewMs?: number;
}

export interface PlacedNode extends NodePlan {
  readonly address: string;
}

export interface WorldPlan {
  /** Left when the fleet has ended. */
  readonly grounds: Grounds;
  readonly servers: number;
  readonly nodes: readonly NodePlan[];
  readonly document: object;
  /** More options of each server. */
  readonly serverOptions?: readonly string[];
  /** What their clocks are wrong by; right when absent. */
  readonly serverSkewsMs?: readonly number[];
}

export interface NodeFacts { readonly name: string; readonly generation: number; readonly lag: number; readonly health: string; readonly ready: number; readonly server: string; readonly entry: boolean }
export interface NodesFacts { readonly leader: string | null; readonly generation: number; readonly items: readonly NodeFacts[] }

export interface World {
  readonly etcd: Etcd;
  readonly folder: string;
  readonly grounds: Grounds;
  readonly servers: Machine[];
  readonly nodes: Map<string, Machine>;
  /** As they were planned, each with its address. */
  readonly machines: readonly PlacedNode[];
  readonly urls: readonly string[];
  readonly wires: Wires;
  /** `replica-N`, as elections and nodes name them. */
  replica(index: number): string;
  startServer(index: number): Machine;
  startNode(plan: PlacedNode): Machine;
  /** `graylane gateway --server` with this config file. */
  startGateway(name: string, document: object): Machine;
  /** A call of one server's API; the token is an admin's. */
  api(server: number, method: string, path: string, body?: object): Promise<{ readonly status: number; readonly body: unknown }>;
  nodesOf(server: number): Promise<NodesFacts>;
  end(): Promise<void>;
}

/** Long against any start on a very busy machine. */
const READY_LIMIT_MS = 120_000;

export async function startWorld(plan: WorldPlan): Promise<World> {
  const { grounds } = plan;
  const machines = plan.nodes.map((node, index) => ({ ...node, address: grounds.machine(index) }));
  const folder = mkdtempSync(join(tmpdir(), 'glf-'));
  const authority = makeAuthority(folder);
  const etcd = await startEtcd();
  // Not above the machines' folders: whoever has a config file above him is part of its project.
  const seed = join(folder, 'seed.json');
  writeFileSync(seed, JSON.stringify(plan.document));
  const ports = await Promise.all(Array.from({ length: plan.servers }, (_, n) => freePort(grounds.server(n))));
  const urls = ports.map((port, n) => `https://${grounds.server(n)}:${port}`);
  const servers: Machine[] = [];
  const nodes = new Map<string, Machine>();
  const wires = await startWires(machines.map(({ name }, n) => ({ name, host: grounds.wire(n) })), ports.map((port, n) => ({ host: grounds.server(n), port })), { host: '127.0.0.1', port: etcd.port });
  const serverCertificate = authority.issue('servers', [...ports.map((_, n) => grounds.server(n)), ...machines.map((_, n) => grounds.wire(n))]);
  let token = '';
  const startServer = (index: number): Machine => {
    const where = placeFor(folder, `server-${index}`);
    const machine = startGraylane([
      'server', seed, '--store', `etcd://${wires.etcd(index)}/fleet`, '--replica', `replica-${index}`,
      '--api', `${grounds.server(index)}:${ports[index]}`, '--api-cert', serverCertificate.cert, '--api-key', serverCertificate.key, '--client-ca', authority.ca, ...(plan.serverOptions ?? []),
    ], { ...where, ...skewed(plan.serverSkewsMs?.[index]) });
    servers[index] = machine;
    return machine;
  };
  const startNode = (node: PlacedNode): Machine => {
    const { folder: own, run } = placeFor(folder, node.name);
    // As on a machine that outgrew itself: the same command and file from the same folder, and now a server.
    const config = join(own, 'graylane.config.json');
    writeFileSync(config, JSON.stringify(plan.document));
    const machine = startGraylane(['up', config, ...nodeArguments(node, grounds, wires.urls(node.name), authority)], { folder, run, ...skewed(node.skewMs) });
    nodes.set(node.name, machine);
    return machine;
  };
  const startGateway = (name: string, document: object): Machine => {
    const where = placeFor(folder, name);
    writeFileSync(join(where.folder, 'graylane.config.json'), JSON.stringify(document));
    const { cert, key } = authority.issue(name, ['127.0.0.1']);
    const machine = startGraylane(['gateway', 'graylane.config.json', ...urls.flatMap((url) => ['--server', url]), '--node', name, '--server-ca', authority.ca, '--node-cert', cert, '--node-key', key], where);
    nodes.set(name, machine);
    return machine;
  };
  const end = async (): Promise<void> => {
    await Promise.all([...nodes.values(), ...servers].map((one) => one.end('SIGTERM')));
    await wires.close();
    await etcd.dispose();
    await grounds.leave();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (let n = 0; n < plan.servers; n += 1) startServer(n);
    // They show certificates, and come again until a server is there.
    for (const node of machines) startNode(node);
    await withinReadyLimit(Promise.all(servers.map(({ ready }) => ready)), () => servers.map(({ said }) => said()).join('\n'));
    token = await tokenFrom(placeFor(folder, 'server-0'));
    writeFileSync(join(folder, 'token'), token);
    await withinReadyLimit(Promise.all([...nodes.values()].map(({ ready }) => ready)), () => [...nodes.values(), ...servers].map(({ said }) => said()).join('\n'));
  } catch (error) {
    await end();
    throw error;
  }
  const api: World['api'] = (server, method, path, body) => call(urls[server] ?? '', authority.ca, token, method, path, body);
  return {
    etcd, folder, grounds, servers, nodes, machines, urls, wires, startServer, startNode, startGateway, api, end, replica: (index) => `replica-${index}`,
    nodesOf: async (server) => (await api(server, 'GET', '/nodes')).body as NodesFacts,
  };
}

function placeFor(folder: string, name: string): Where {
  const [own, run] = [join(folder, name), join(folder, 'r', name)];
  mkdirSync(own, { recursive: true });
  mkdirSync(join(folder, 'r'), { recursive: true, mode: 0o700 });
  return { folder: own, run };
}

/** Processes inherit it from one to the next. */
function skewed(skewMs = 0): Pick<Where, 'environment'> {
  return skewMs === 0 ? {} : { environment: { CLOCK_SKEW_MS: String(skewMs), NODE_OPTIONS: `${fromSource} --import=${join(import.meta.dirname, 'skewed.mjs')}`.trim() } };
}

function nodeArguments({ name, address, labels = [], run = [] }: PlacedNode, { passagePort }: Grounds, urls: readonly string[], authority: Authority): readonly string[] {
  const { cert, key } = authority.issue(name, [address]);
  return [
    ...urls.flatMap((url) => ['--server', url]), '--node', name, '--bind', address, '--server-ca', authority.ca, '--node-cert', cert, '--node-key', key,
    '--passage', `${address}:${passagePort}`, ...labels.flatMap((label) => ['--label', label]), ...run.flatMap((version) => ['--run', version]),
  ];
}

/** An admin's token, from the socket that only the server's own user may open. */
async function tokenFrom({ run }: Where): Promise<string> {
  const socketPath = join(run, readdirSync(run)[0] ?? '', 'api.sock');
  const body = JSON.stringify({ name: 'tests', scope: 'admin' });
  const outgoing = request({ socketPath, method: 'POST', path: '/api/v1/tokens', headers: { 'content-type': 'application/json', 'content-length': body.length } });
  outgoing.end(body);
  const [response] = await once(outgoing, 'response') as [IncomingMessage];
  return (await json(response) as { readonly token: string }).token;
}

async function withinReadyLimit(all: Promise<unknown>, said: () => string): Promise<void> {
  const late = delay(READY_LIMIT_MS, 'late' as const, { ref: false });
  if ((await Promise.race([all, late])) === 'late') throw new Error(`not ready within ${READY_LIMIT_MS} ms:\n${said().slice(-4_000)}`);
}

async function call(url: string, caFile: string, token: string, method: string, path: string, body?: object): Promise<{ readonly status: number; readonly body: unknown }> {
  const [{ request: secureRequest }, { readFileSync }] = [await import('node:https'), await import('node:fs')];
  const text = body === undefined ? null : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = secureRequest(`${url}/api/v1${path}`, {
      method, agent: false, ca: readFileSync(caFile), timeout: READY_LIMIT_MS,
      headers: { authorization: `Bearer ${token}`, ...(text === null ? {} : { 'content-type': 'application/json', 'if-match': '*', 'content-length': Buffer.byteLength(text) }) },
    }, (response) => {
      let answer = '';
      response.setEncoding('utf8').on('data', (part: string) => { answer += part; });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: answer === '' ? null : JSON.parse(answer) as unknown }));
    });
    outgoing.once('error', reject);
    outgoing.end(text ?? undefined);
  });
}

export interface Answer { readonly status: number; readonly build: string | null }

/** One request to a machine's public port; status 0 when there was none. */
export function ask(address: string, port: number, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve) => {
    const outgoing = request({ host: address, port, agent: false, headers, timeout: 10_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => { text += part; });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, build: buildOf(text) }));
      response.once('error', () => resolve({ status: 0, build: null }));
    });
    outgoing.once('timeout', () => outgoing.destroy());
    outgoing.once('error', () => resolve({ status: 0, build: null }));
    outgoing.end();
  });
}

function buildOf(text: string): string | null {
  try {
    return (JSON.parse(text) as { readonly build?: string }).build ?? null;
  } catch {
    return null;
  }
}

/** A look is a handshake and a view of the whole fleet: more often, and the test looks on at itself. */
const LOOK_MS = 50;

/** Looks until it holds; `what` is said when it did not, and may say what was seen last. */
export async function eventually(what: string | (() => string), holds: () => Promise<boolean> | boolean, limitMs: number): Promise<number> {
  const begun = performance.now();
  for (;;) {
    if (await holds()) return performance.now() - begun;
    if (performance.now() - begun > limitMs) throw new Error(`${typeof what === 'string' ? what : what()}: not within ${limitMs} ms`);
    await delay(LOOK_MS);
  }
}
