// A client made of a bare socket: sends exactly what it is told and keeps exactly what it got.

import * as net from 'node:net';
import { once } from 'node:events';

export class RawClient {
  readonly socket: net.Socket;
  received = '';
  ended = false;
  reset = false;
  #waiters: (() => void)[] = [];

  private constructor(port: number) {
    this.socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1');
      this.#wake();
    });
    this.socket.on('end', () => {
      this.ended = true;
      this.socket.end();
      this.#wake();
    });
    this.socket.on('error', () => {
      this.reset = true;
    });
    this.socket.on('close', () => this.#wake());
  }

  static async connect(port: number): Promise<RawClient> {
    const client = new RawClient(port);
    await once(client.socket, 'connect');
    return client;
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  async until(condition: (received: string) => boolean): Promise<string> {
    while (!condition(this.received)) {
      if (this.socket.destroyed) throw new Error(`the connection closed before what was expected; received ${JSON.stringify(this.received)}`);
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
    return this.received;
  }

  /** Everything up to the end of the connection. */
  async all(): Promise<string> {
    while (!this.socket.destroyed) await new Promise<void>((resolve) => this.#waiters.push(resolve));
    return this.received;
  }

  destroy(): void {
    this.socket.destroy();
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}

/** One request over a connection of its own; everything that came back until the connection closed. */
export async function exchange(port: number, text: string): Promise<string> {
  const client = await RawClient.connect(port);
  client.send(text);
  return await client.all();
}
