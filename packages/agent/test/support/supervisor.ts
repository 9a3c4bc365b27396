// A small supervisor for tests: slot sockets, the control socket, and workers with the agent preloaded.

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile, parseStrategy, type StrategyDocument } from '@graylane/rules';
import { frame, FrameReader, type AgentMessage, type ListenerPlan, type ListenerReport, type Peer, type StrategyMessage, type SupervisorMessage, type WorkerBrief } from '@graylane/wire';
import { build } from '../../../../tools/build.ts';

/** Under which Node, and with which flags, workers start. */
export interface Loader {
  readonly node: string;
  readonly flags: readonly string[];
}

build();

/** The agent as it is published. */
export const BUNDLE: Loader = { node: process.execPath, flags: ['--import', join(import.meta.dirname, '../../dist/agent.js')] };

/** Nothing here takes longer but a fault, also on a machine with other work. */
const PATIENCE_MS = 60_000;

export interface Slot {
  fd(): number;
  address(): { readonly port: number };
  close(): void;
}

/** `net.BoundSocket` (Node 24 and newer), which the types do not know yet. */
export function openSlot(port: number, host: string): Slot {
  const make: unknown = Reflect.get(net, 'BoundSocket');
  if (typeof make !== 'function') throw new Error('these tests need net.BoundSocket');
  return Reflect.construct(make, [{ host, port, reusePort: true }]) as Slot;
}

export function document(releases: StrategyDocument['releases'] = [], more: Partial<StrategyDocument> = {}): StrategyDocument {
  return { services: { web: { stable: 'v1', versions: { v1: {}, v2: {}, v3: {} } } }, releases, ...more };
}

export class Worker {
  readonly name: string;
  readonly version: string;
  readonly child: ChildProcess;
  readonly messages: AgentMessage[] = [];
  readonly reports: ListenerReport[] = [];
  readonly exit: Promise<number | null>;
  /** What the app sent over Node's IPC channel, with the handle that came along. */
  readonly told: { readonly message: unknown; readonly handle: unknown }[] = [];
  output = '';
  connections = 0;
  #socket: net.Socket | null = null;
  readonly #waiters = new Set<() => void>();

  constructor(name: string, version: string, child: ChildProcess) {
    this.name = name;
    this.version = version;
    this.child = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => {
      this.output += chunk.toString();
      this.#notify();
    });
    child.on('message', (message, handle) => {
      this.told.push({ message, handle });
      this.#notify();
    });
    this.exit = new Promise((resolve) => child.once('exit', (code) => {
      resolve(code);
      this.#notify();
    }));
  }

  attach(socket: net.Socket): void {
    this.#socket = socket;
    this.connections += 1;
  }

  detach(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  received(message: AgentMessage): void {
    this.messages.push(message);
    if (message.kind === 'listening') this.reports.push(message.listener);
    if (message.kind === 'hello') this.reports.splice(0, this.reports.length, ...message.listeners);
    this.#notify();
  }

  send(message: SupervisorMessage): void {
    this.#socket?.write(frame(Buffer.from(JSON.stringify(message))));
  }

  /** Resolves as soon as `holds` does; fails with what the worker said otherwise. */
  async until(what: string, holds: () => boolean): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(check);
        reject(new Error(`${this.name}: no ${what}\nmessages: ${JSON.stringify(this.messages)}\noutput: ${this.output}`));
      }, PATIENCE_MS);
      const check = (): void => {
        if (!holds()) return;
        clearTimeout(timer);
        this.#waiters.delete(check);
        resolve();
      };
      this.#waiters.add(check);
    });
  }

  of<Kind extends AgentMessage['kind']>(kind: Kind): Extract<AgentMessage, { kind: Kind }>[] {
    return this.messages.filter((message): message is Extract<AgentMessage, { kind: Kind }> => message.kind === kind);
  }

  async message<Kind extends AgentMessage['kind']>(kind: Kind, test: (message: Extract<AgentMessage, { kind: Kind }>) => boolean = () => true): Promise<Extract<AgentMessage, { kind: Kind }>> {
    await this.until(`message ${kind}`, () => this.of(kind).some(test));
    return this.of(kind).find(test)!;
  }

  #notify(): void {
    for (const check of this.#waiters) check();
  }
}

export interface WorkerOptions {
  readonly app: string;
  readonly version?: string;
  readonly role?: 'stable' | 'canary';
  readonly ports?: readonly number[];
  readonly hold?: boolean;
  readonly undeclared?: 'donate' | 'private';
  readonly env?: Readonly<Record<string, string>>;
  readonly loader?: Loader;
  /** Sockets to inherit in place of fresh ones. */
  readonly slots?: readonly Slot[];
  /** Sockets of other slots of its first port, from slot 1 on. */
  readonly others?: readonly Slot[];
  /** Further flags of Node, after the agent's. */
  readonly flags?: readonly string[];
  /** How many listeners to wait for; 0 waits for the hello only, null for nothing. */
  readonly listeners?: number | null;
}

export class Supervisor {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'gl-'));
  readonly workers: Worker[] = [];
  #server: net.Server | null = null;
  readonly #slots: Slot[] = [];
  #numbers = 0;
  #epoch = 0;
  #generation = 0;
  #strategy: StrategyMessage | null = null;

  static async start(): Promise<Supervisor> {
    const supervisor = new Supervisor();
    await supervisor.listen();
    return supervisor;
  }

  get control(): string {
    return join(this.folder, 'control');
  }

  async listen(): Promise<void> {
    const server = net.createServer((socket) => this.#accept(socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.control, resolve));
  }

  /** As if the supervisor had died: the workers go on. */
  async silence(): Promise<void> {
    for (const worker of this.workers) worker.detach();
    await new Promise((resolve) => this.#server?.close(resolve));
    this.#server = null;
  }

  #accept(socket: net.Socket): void {
    const reader = new FrameReader();
    let worker: Worker | null = null;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      for (const body of reader.push(chunk)) {
        const message = JSON.parse(Buffer.from(body).toString()) as AgentMessage;
        if (message.kind === 'hello') {
          worker = this.workers.find(({ name }) => name === message.worker) ?? null;
          worker?.attach(socket);
        }
        worker?.received(message);
      }
    });
  }

  /** A free port, held by a first slot socket. */
  port(): number {
    const slot = openSlot(0, '127.0.0.1');
    this.#slots.push(slot);
    return slot.address().port;
  }

  async worker(options: WorkerOptions): Promise<Worker> {
    const { app, version = 'v1', role = 'stable', ports = [], hold = false, undeclared = 'private', env = {}, loader = BUNDLE, flags = [], others = [] } = options;
    this.#numbers += 1;
    const name = `web.${version}.${this.#numbers}`;
    const slots = role === 'stable' ? options.slots ?? ports.map((port) => this.#slotFor(port)) : [];
    this.#held.set(name, slots);
    const listeners: ListenerPlan[] = ports.map((port, index) => ({ index, port, host: '127.0.0.1', fd: role === 'stable' ? 4 + index : null, ...(index === 0 && others.length > 0 ? { others: Object.fromEntries(others.map((_, other) => [1 + other, 4 + slots.length + other])) } : {}) }));
    const brief: WorkerBrief = { wire: 1, worker: name, service: 'web', version, role, control: this.control, sockets: this.folder, snapshot: join(this.folder, 'snapshot.json'), hold, listeners, undeclared };
    const script = join(import.meta.dirname, '../apps', app);
    const child = spawn(loader.node, [...loader.flags, ...flags, script], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', ...[...slots, ...others].map((slot) => slot.fd())],
      env: { ...process.env, NODE_OPTIONS: '', GRAYLANE_AGENT: JSON.stringify(brief), GRAYLANE_VERSION: version, GRAYLANE_ROLE: role, ...(ports[0] === undefined ? {} : { PORT: String(ports[0]) }), ...env },
    });
    const worker = new Worker(name, version, child);
    this.workers.push(worker);
    const wanted = options.listeners === undefined ? Math.max(1, ports.length) : options.listeners;
    if (wanted !== null) {
      await worker.message('hello');
      await worker.until(`${wanted} listeners`, () => worker.reports.length >= wanted);
    }
    return worker;
  }

  /** A worker in the slot of another one, as after a reload. */
  async successor(of: Worker, options: WorkerOptions): Promise<Worker> {
    const slots = this.#held.get(of.name) ?? [];
    return await this.worker({ ...options, slots });
  }

  /** The first slot of a port is free to take, for the stand-in of `port()` must not hold connections. */
  #slotFor(port: number): Slot {
    const reserved = this.#slots.find((slot) => slot.address().port === port);
    if (reserved !== undefined && !this.#taken.has(port)) {
      this.#taken.add(port);
      return reserved;
    }
    const slot = openSlot(port, '127.0.0.1');
    this.#slots.push(slot);
    return slot;
  }

  readonly #taken = new Set<number>();
  readonly #held = new Map<string, readonly Slot[]>();

  /** The first phase only: everybody keeps it, nobody begins with it. */
  async stage(strategy: StrategyDocument): Promise<number> {
    return await this.publish(strategy, true);
  }

  /** Publishes to all workers and waits for their answers. */
  async publish(strategy: StrategyDocument, staged: boolean = false): Promise<number> {
    const parsed = parseStrategy(strategy);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
    this.#generation += 1;
    const generation = this.#generation;
    this.#strategy = { kind: 'strategy', generation, snapshot: compile(parsed.strategy), ...(staged ? { staged } : {}) };
    if (!staged) writeFileSync(join(this.folder, 'snapshot.json'), JSON.stringify(this.#strategy));
    const alive = this.workers.filter(({ child, connections }) => child.exitCode === null && child.signalCode === null && connections > 0);
    for (const worker of alive) worker.send(this.#strategy);
    await Promise.all(alive.map((worker) => worker.message('ack', (ack) => ack.generation === generation)));
    return generation;
  }

  /** Publishes the same once more. */
  async repeat(): Promise<void> {
    if (this.#strategy === null) throw new Error('nothing was published');
    const before = this.workers.map((worker) => worker.of('ack').length);
    for (const worker of this.workers) worker.send(this.#strategy);
    await Promise.all(this.workers.map((worker, i) => worker.until('another ack', () => worker.of('ack').length > (before[i] ?? 0))));
  }

  /** Makes all workers, or those given, known to all. */
  async introduce(workers: readonly Worker[] = this.workers): Promise<void> {
    this.#epoch += 1;
    const epoch = this.#epoch;
    const peers: Peer[] = workers.map(({ name, version, reports }) => ({ worker: name, version, listeners: [...reports] }));
    const alive = this.workers.filter(({ child }) => child.exitCode === null && child.signalCode === null);
    for (const worker of alive) worker.send({ kind: 'peers', epoch, peers });
    await Promise.all(alive.map((worker) => worker.message('peers-ack', (ack) => ack.epoch === epoch)));
  }

  async stop(): Promise<void> {
    for (const { child } of this.workers) child.kill('SIGKILL');
    await Promise.all(this.workers.map((worker) => worker.exit));
    for (const slot of this.#slots) slot.close();
    for (const worker of this.workers) worker.detach();
    await new Promise((resolve) => (this.#server === null ? resolve(null) : this.#server.close(resolve)));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
