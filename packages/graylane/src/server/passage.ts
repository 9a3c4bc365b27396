// Exchanges between machines, as the supervisor sees them: which versions other machines offer, and the process that moves the bytes.
// It moves none itself.

import { createHash } from 'node:crypto';
import { fork, type ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock, type Endpoint, type ServerMessage } from '@graylane/control';
import type { Peer } from '@graylane/wire';
import type { PassagePlan } from './passage-plan.ts';

export interface PassageOptions {
  readonly listen: Endpoint;
  /** As other machines reach it. */
  readonly advertise: Endpoint;
  /** PEM; both sides of a passage show a certificate that `ca` has signed. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string };
}

export interface PassageHost {
  readonly run: string;
  readonly name: string;
  /** Null: this machine neither reaches others nor is reached. */
  readonly options: PassageOptions | null;
  readonly onFault: (what: string, error: unknown) => void;
  /** Peers of a service on other machines; replaces what was known. */
  readonly onPeers: (service: string, peers: readonly Peer[]) => void;
}

type Remote = Extract<ServerMessage, { kind: 'endpoints' }>['endpoints'];

/** A process that ends at once is started again about once a second. */
const RESTART_MS = 1_000;
/** A private socket carries HTTP/1 of either kind; streams of HTTP/2 have sockets of their own, which stay on their machine. */
const PASSABLE: ReadonlySet<string> = new Set(['http', 'https']);

export class Passage {
  readonly #host: PassageHost;
  #child: ChildProcess | null = null;
  #locals: PassagePlan['locals'] = {};
  #remote: Remote = [];
  #services = new Set<string>();
  #stopped = false;

  constructor(host: PassageHost) {
    this.#host = host;
  }

  start(): Promise<void> {
    if (this.#host.options === null) return Promise.resolve();
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    this.#spawn();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#stopped = true;
    this.#child?.send({ kind: 'end' });
    this.#child?.disconnect();
    return Promise.resolve();
  }

  /** Workers of this machine that other machines may reach. */
  local(services: ReadonlyMap<string, readonly Peer[]>): void {
    const locals: Record<string, string[]> = {};
    for (const [service, peers] of services) {
      for (const { version, worker, listeners } of peers) {
        // What came over a passage goes over no other one.
        if (isDistant(worker)) continue;
        for (const { index, protocol, socket } of listeners) if (socket !== '' && PASSABLE.has(protocol)) (locals[`${service}/${version}/${index}`] ??= []).push(socket);
      }
    }
    this.#locals = locals;
    this.#tell();
  }

  remote(endpoints: Remote): void {
    if (this.#host.options === null) return;
    this.#remote = endpoints;
    this.#tell();
    const services = new Map<string, Peer[]>();
    for (const [key, offer] of this.#offers()) {
      const [service = '', version = ''] = key.split('/');
      const listeners = offer.map(({ index, port, host }) => ({ index, protocol: 'http' as const, port, host, socket: this.#socketOf(`${key}/${index}`) }));
      services.set(service, [...(services.get(service) ?? []), { worker: `${DISTANT}${version}`, version, listeners }]);
    }
    for (const service of new Set([...this.#services, ...services.keys()])) this.#host.onPeers(service, services.get(service) ?? []);
    this.#services = new Set(services.keys());
  }

  /** By service and version: the places that some machine serves. */
  #offers(): ReadonlyMap<string, readonly { readonly index: number; readonly port: number; readonly host: string | null }[]> {
    const offers = new Map<string, { index: number; port: number; host: string | null }[]>();
    for (const { offers: all } of this.#remote) {
      for (const { service, version, listeners } of all) {
        const key = `${service}/${version}`;
        const known = offers.get(key) ?? [];
        for (const { index, port, host, protocol } of listeners) if (PASSABLE.has(protocol) && !known.some((one) => one.index === index)) known.push({ index, port, host });
        offers.set(key, known);
      }
    }
    return offers;
  }

  get #folder(): string {
    return join(this.#host.run, 'p');
  }

  /** The same path for the same place, so that workers keep it when the process behind it is another. */
  #socketOf(place: string): string {
    return join(this.#folder, `${createHash('sha256').update(place).digest('hex').slice(0, 12)}.sock`);
  }

  #spawn(): void {
    const script = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './passage-worker.ts' : './passage-worker.js', import.meta.url));
    // In a session of its own: like workers it outlives the supervisor, and hands over to its successor.
    const child = fork(script, [], { detached: true, stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: script.endsWith('.ts') ? ['--conditions=graylane-source'] : [] });
    this.#child = child;
    child.unref();
    child.channel?.unref();
    child.once('error', (error) => this.#host.onFault('passage', error));
    child.once('exit', (code) => {
      if (this.#stopped || this.#child !== child) return;
      this.#host.onFault('passage', new Error(`the process between machines ended with ${code ?? 'a signal'}`));
      systemClock.after(RESTART_MS, () => {
        if (!this.#stopped) this.#spawn();
      });
    });
    this.#tell();
  }

  #tell(): void {
    const { options } = this.#host;
    if (options === null || this.#child?.connected !== true) return;
    const remotes: Record<string, { socket: string; endpoints: Endpoint[] }> = {};
    for (const { host, port, offers } of this.#remote) {
      for (const { service, version, listeners } of offers) {
        for (const { index } of listeners) {
          const place = `${service}/${version}/${index}`;
          (remotes[place] ??= { socket: this.#socketOf(place), endpoints: [] }).endpoints.push({ host, port });
        }
      }
    }
    const plan: PassagePlan = { kind: 'plan', listen: options.listen, tls: options.tls, control: join(this.#folder, 'control.sock'), locals: this.#locals, remotes };
    this.#child.send(plan);
  }
}

const DISTANT = 'distant/';

/** Whether a peer stands for workers of other machines. */
export function isDistant(worker: string): boolean {
  return worker.startsWith(DISTANT);
}
