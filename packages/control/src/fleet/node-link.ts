// A data plane's connection to whichever server answers: kept up, taken up again after each end, with what must not get lost
// repeated until it was heard. It must not know what is done with a strategy.

import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Cancel, Clock } from '../clock.ts';
import { FLEET_WIRE, JOIN_PATH, JOIN_PROTOCOL } from './messages.ts';
import type { CountEntry, Endpoint, NodeMessage, NodeReport, ServerMessage } from './messages.ts';
import { WireEnd } from './wire-end.ts';

export interface NodeLinkOptions {
  /** `https://host:port` each; plain `http` on loopback only. Tried in turn. */
  readonly servers: readonly string[];
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly forward: Endpoint | null;
  /** A token, a certificate, or both; read anew for each connection, so that they can be renewed. */
  readonly credentials: () => NodeCredentials;
  readonly boot: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly generation: () => number;
  readonly onMessage: (message: ServerMessage) => void;
  /** What time it is for the fleet, in milliseconds since 1970. */
  readonly onTime: (at: number) => void;
  /** `why` null: connected. */
  readonly onState: (server: string, why: string | null) => void;
}

export interface NodeCredentials {
  readonly token?: string;
  /** PEM. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Doubled up to the longest, and drawn between half and all: a thousand machines do not come back in one moment. */
const RETRY_MS = 100;
const LONGEST_RETRY_MS = 2_000;
const CONNECT_LIMIT_MS = 5_000;
/** Half an hour of counts, a message each two seconds, while no server is there; then the oldest go. */
const PARCELS_LIMIT = 900;
/** A server that has not said that it counted them is asked again. */
const REPEAT_MS = 5_000;

export class NodeLink {
  readonly #options: NodeLinkOptions;
  readonly #parcels = new Map<number, readonly CountEntry[]>();
  #end: WireEnd<ServerMessage> | null = null;
  #report: NodeReport | null = null;
  #seq = 0;
  #turn = 0;
  #wait = RETRY_MS;
  #dropped = 0;
  #stopped = false;
  #cancelRetry: Cancel = () => undefined;
  #cancelRepeat: Cancel = () => undefined;

  constructor(options: NodeLinkOptions) {
    this.#options = options;
    this.#repeatLater();
  }

  start(): void {
    void this.#connect();
  }

  get connected(): boolean {
    return this.#end !== null;
  }

  /** Parcels of counts that went because no server took them for too long. */
  get dropped(): number {
    return this.#dropped;
  }

  send(message: NodeMessage): void {
    this.#end?.send(message);
  }

  /** The newest one is told again after each connection. */
  report(report: NodeReport): void {
    this.#report = report;
    this.send(report);
  }

  counts(entries: readonly CountEntry[]): void {
    if (entries.length === 0) return;
    const seq = (this.#seq += 1);
    this.#parcels.set(seq, entries);
    const [oldest] = this.#parcels.keys();
    if (this.#parcels.size > PARCELS_LIMIT && oldest !== undefined) {
      this.#parcels.delete(oldest);
      this.#dropped += 1;
    }
    this.send({ kind: 'counts', seq, entries });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelRetry();
    this.#cancelRepeat();
    this.send({ kind: 'goodbye' });
    this.#end?.close();
  }

  async #connect(): Promise<void> {
    const server = this.#options.servers[this.#turn % this.#options.servers.length] ?? '';
    try {
      const { socket, head } = await this.#upgrade(server);
      if (this.#isStopped()) {
        socket.destroy();
        return;
      }
      this.#open(server, socket, head);
    } catch (error) {
      this.#options.onState(server, error instanceof Error ? error.message : String(error));
      this.#turn += 1;
      this.#again();
    }
  }

  #isStopped(): boolean {
    return this.#stopped;
  }

  #open(server: string, socket: Duplex, head: Uint8Array): void {
    let refusal: string | null = null;
    const end: WireEnd<ServerMessage> = new WireEnd<ServerMessage>(socket, this.#options.clock, {
      message: (message) => {
        switch (message.kind) {
          case 'welcome':
            this.#wait = RETRY_MS;
            this.#hearTime(message);
            this.#options.onState(server, null);
            break;
          case 'refused':
            refusal = message.why;
            break;
          case 'ping':
            this.#hearTime(message);
            end.send({ kind: 'pong' });
            break;
          case 'counted':
            this.#parcels.delete(message.seq);
            break;
          case 'strategy': case 'delta': case 'begin': case 'pools': case 'endpoints': case 'keys':
            this.#options.onMessage(message);
        }
      },
      closed: () => {
        if (this.#end !== end) return;
        this.#end = null;
        this.#options.onState(server, refusal === null ? 'the connection ended' : `refused: ${refusal}`);
        this.#turn += 1;
        this.#again();
      },
    });
    this.#end = end;
    const { name, labels, boot, forward } = this.#options;
    end.send({ kind: 'hello', wire: FLEET_WIRE, name, labels, boot, generation: this.#options.generation(), forward });
    if (this.#report !== null) end.send(this.#report);
    this.#sendParcels();
    end.read(head);
  }

  #hearTime({ at }: { readonly at?: number }): void {
    if (typeof at === 'number' && Number.isSafeInteger(at)) this.#options.onTime(at);
  }

  #again(): void {
    if (this.#stopped) return;
    const wait = this.#wait * (0.5 + this.#options.random() / 2);
    this.#wait = Math.min(LONGEST_RETRY_MS, this.#wait * 2);
    this.#cancelRetry = this.#options.clock.after(wait, () => void this.#connect());
  }

  #repeatLater(): void {
    this.#cancelRepeat = this.#options.clock.after(REPEAT_MS, () => {
      this.#sendParcels();
      this.#repeatLater();
    });
  }

  #sendParcels(): void {
    for (const [seq, entries] of this.#parcels) this.send({ kind: 'counts', seq, entries });
  }

  async #upgrade(server: string): Promise<{ readonly socket: Duplex; readonly head: Uint8Array }> {
    const { token, ca, cert, key } = this.#options.credentials();
    const tls = { ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
    const outgoing = (server.startsWith('https:') ? secureRequest : plainRequest)(server + JOIN_PATH, {
      ...tls, agent: false,
      headers: { connection: 'Upgrade', upgrade: JOIN_PROTOCOL, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    });
    const cancel = this.#options.clock.after(CONNECT_LIMIT_MS, () => outgoing.destroy(new Error(`no answer within ${CONNECT_LIMIT_MS} ms`)));
    const answered = new Promise<{ readonly socket: Duplex; readonly head: Uint8Array }>((resolve, reject) => {
      outgoing.once('upgrade', (_response, socket: Duplex, head: Uint8Array) => resolve({ socket, head }));
      outgoing.once('response', (response) => {
        response.resume();
        reject(new Error(response.statusCode === 401 ? 'the server does not accept the token or certificate' : response.statusCode === 403 ? 'the token may not join: it needs the scope node' : `the server answered ${response.statusCode ?? 0}`));
      });
      outgoing.once('error', reject);
    });
    outgoing.end();
    try {
      return await answered;
    } finally {
      cancel();
      outgoing.on('error', reportNothing);
    }
  }
}

/** A request that was answered may still end in an error of its socket, which its owner hears. */
function reportNothing(): void {
  // Nothing to do: the socket's own listeners know.
}
