// The forwarder of this process, loaded when there is first somebody to forward to: an app without a canary never reads it.
// It knows no request.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Forwarder, Upstream } from '@graylane/forward';
import type { LimitsPlan } from '@graylane/rules';
import type { Vitals } from '@graylane/wire';
import { loadPart } from './part.ts';
import type { Groups } from './peers.ts';

export class LateForwarder implements Groups {
  readonly #random: () => number;
  #limits: LimitsPlan = {};
  #forwarder: Forwarder | null = null;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Throws when it cannot be loaded. */
  load(): void {
    this.#forwarder ??= loadPart('forwarder').createForwarder(this.#random, this.#limits);
  }

  /** Those of the strategy in force. */
  setLimits(limits: LimitsPlan): void {
    this.#limits = limits;
    this.#forwarder?.setLimits(limits);
  }

  setUpstreams(group: string, upstreams: readonly Upstream[]): void {
    this.#forwarder?.setUpstreams(group, upstreams);
  }

  forward(group: string, request: IncomingMessage, response: ServerResponse, lines: string): void {
    this.#loaded.forward(group, request, response, lines);
  }

  upgrade(group: string, request: IncomingMessage, socket: Socket, head: Buffer, lines: string): void {
    this.#loaded.upgrade(group, request, socket, head, lines);
  }

  forwardStream(group: string, stream: ServerHttp2Stream, headers: IncomingHttpHeaders, lines: readonly string[], extra: Readonly<Record<string, string>>): void {
    this.#loaded.forwardStream(group, stream, headers, lines, extra);
  }

  /** Exchanges that wait for a place, and how they get one. */
  get traffic(): Pick<Vitals, 'waiting' | 'admission'> {
    return this.#forwarder?.traffic ?? { waiting: 0 };
  }

  /** Whoever is known as a peer of another version was met after it was loaded. */
  get #loaded(): Forwarder {
    if (this.#forwarder === null) throw new Error('the forwarder is not loaded');
    return this.#forwarder;
  }
}
