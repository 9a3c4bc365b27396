// The control socket: accepts agents and hands each on once it has said who it is. Knows nothing of pools.

import { chmodSync, unlinkSync } from 'node:fs';
import net from 'node:net';
import type { Server, Socket } from 'node:net';

import type { AgentMessage, HelloMessage } from '@graylane/wire';

import { errno, StartFailure } from '../failure.ts';
import { Link } from './link.ts';

/** An agent says hello within its first milliseconds; a silent connection is somebody else's. */
const HELLO_LIMIT_MS = 5_000;
/** Agents of one machine; more are refused until some leave. */
const CONNECTION_LIMIT = 4_096;

export interface AgentHandler {
  message(message: AgentMessage): void;
  closed(): void;
}

/** Null refuses the agent. */
export type Welcome = (hello: HelloMessage, link: Link) => AgentHandler | null;

export class ControlServer {
  readonly #server: Server;
  readonly #path: string;
  readonly #sockets = new Set<Socket>();

  constructor(path: string, welcome: Welcome) {
    this.#path = path;
    this.#server = net.createServer((socket) => this.#accept(socket, welcome));
    this.#server.maxConnections = CONNECTION_LIMIT;
  }

  /** Throws `already-running` when a live supervisor answers on the path. */
  async claim(): Promise<void> {
    if (!await answers(this.#path)) return;
    throw new StartFailure({ reason: 'already-running', message: `another supervisor already answers on ${this.#path}`, cure: 'use that one, end it with `graylane down`, or choose another run folder' });
  }

  /** Takes the path over from a dead predecessor. */
  async open(): Promise<void> {
    removeSocket(this.#path);
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#path, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    chmodSync(this.#path, 0o600);
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: Socket, welcome: Welcome): void {
    this.#sockets.add(socket);
    let handler: AgentHandler | null = null;
    const link = new Link(socket, {
      message: (message) => {
        if (handler !== null) {
          handler.message(message);
          return;
        }
        clearTimeout(impatience);
        handler = message.kind === 'hello' ? welcome(message, link) : null;
        if (handler === null) link.close();
      },
      closed: () => {
        clearTimeout(impatience);
        this.#sockets.delete(socket);
        handler?.closed();
      },
    });
    const impatience = setTimeout(() => link.close(), HELLO_LIMIT_MS);
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect(path);
    const end = (alive: boolean): void => {
      probe.destroy();
      resolve(alive);
    };
    probe.once('connect', () => end(true));
    probe.once('error', () => end(false));
  });
}

function removeSocket(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errno(error) !== 'ENOENT') throw error;
  }
}
