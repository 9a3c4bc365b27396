// A WebSocket that a client opens on an HTTP/2 stream (RFC 8441), carried to an upstream that speaks HTTP/1.1 (RFC 6455). It reads no frame.

import type { ServerHttp2Stream } from 'node:http2';
import type { Connection } from '../connection.ts';
import type { ConnectionUser, TunnelEnd } from '../connection-user.ts';
import type { Endpoint } from '../endpoint.ts';
import type { ExchangeContext } from '../exchange-context.ts';
import { failure, meaning } from '../failure.ts';
import type { Failure, FailureReason } from '../failure.ts';
import type { Applicant, Group } from '../group.ts';
import { fieldOf } from '../response-head.ts';
import type { BodyFraming, ResponseHead } from '../response-head.ts';
import type { Tunnels } from '../tunnel.ts';
import { fieldIn, headerObject, linesOf, responseFields } from './fields.ts';
import type { Fields } from './fields.ts';
import { RESET } from './relay-client.ts';
import type { RelayRequest } from './relay-client.ts';
import { StreamClient } from './stream-client.ts';

/** waiting → sent → tunnel or answering → ended; `ended` is entered once. */
type State =
  | { readonly phase: 'waiting' }
  | { readonly phase: 'sent' | 'answering'; readonly connection: Connection; readonly endpoint: Endpoint }
  | { readonly phase: 'tunnel' | 'ended' };

const ENDED: State = { phase: 'ended' };

/** The opening handshake of RFC 6455 that HTTP/2 does without: a key, and the digest that proves that it was understood. */
export interface Handshake {
  readonly key: string;
  readonly accept: string;
}

/** Fields of the handshake that the two protocols say in different ways. */
const HANDSHAKE_FIELDS: ReadonlySet<string> = new Set(['sec-websocket-key', 'sec-websocket-accept']);

export class StreamUpgrade implements Applicant, ConnectionUser {
  readonly #context: ExchangeContext;
  readonly #group: Group;
  readonly #tunnels: Tunnels;
  readonly #stream: ServerHttp2Stream;
  readonly #client: StreamClient;
  readonly #handshake: Handshake;
  #state: State = { phase: 'waiting' };
  #attempts = 0;
  avoid: Endpoint | null = null;

  constructor(context: ExchangeContext, group: Group, tunnels: Tunnels, stream: ServerHttp2Stream, request: RelayRequest, handshake: Handshake) {
    this.#context = context;
    this.#group = group;
    this.#tunnels = tunnels;
    this.#stream = stream;
    this.#client = new StreamClient(stream, request);
    this.#handshake = handshake;
  }

  start(): void {
    this.#stream.on('error', this.#onClientClosed);
    this.#stream.once('close', this.#onClientClosed);
    if (this.#context.mayTunnel()) this.#group.apply(this);
    else this.#end(failure('tunnel-limit'));
  }

  admitted(endpoint: Endpoint): void {
    // Extended CONNECT to an upstream would need its own settings to allow it; WebSocket servers speak HTTP/1.1.
    if (endpoint.upstream.http2 === true) {
      this.#group.release(endpoint);
      this.#end(failure('method-refused', 'a WebSocket to an upstream that speaks HTTP/2'));
      return;
    }
    const connection = endpoint.take(this, true);
    this.#attempts++;
    this.#state = { phase: 'sent', connection, endpoint };
    connection.writeHead(openingText(this.#client.request, this.#handshake.key), true, false, 'upgrade');
  }

  shed(reason: FailureReason): void {
    this.#end(failure(reason));
  }

  connected(): void {
    // The head is on its way already.
  }

  drained(): void {
    // Nothing but the head is written before the tunnel.
  }

  interim(): void {
    // An opening handshake has no use for informational answers.
  }

  head(head: ResponseHead, framing: BodyFraming): void {
    const state = this.#state;
    if (state.phase !== 'sent') return;
    const fields = responseFields(head);
    if (head.status === 101) {
      const protocol = fieldOf(head, 'upgrade') ?? '';
      if (protocol.toLowerCase() === 'websocket') this.#accept(fields);
      else this.#end(failure('upgrade-unasked', protocol));
      return;
    }
    if (head.status < 300) {
      // To a client of RFC 8441 any 2xx means that the WebSocket is open.
      this.#end(failure('bad-response', 'an answer to a WebSocket without switching to it'));
      return;
    }
    this.#state = { ...state, phase: 'answering' };
    this.#client.respond(head.status, fields, framing === 'none');
  }

  switched(end: TunnelEnd, early: Buffer): void {
    const state = this.#state;
    if (state.phase !== 'sent') {
      end.socket.destroy();
      return;
    }
    this.#state = { phase: 'tunnel' };
    // A tunnel is no exchange under way: it may live for days.
    this.#group.release(state.endpoint);
    this.#forgetClient();
    this.#group.tunnels++;
    this.#tunnels.open(this.#stream, end, { toClient: early, toUpstream: Buffer.alloc(0), ended: false }, () => this.#group.tunnels--);
  }

  body(bytes: Buffer, start: number, end: number, last: boolean): void {
    const state = this.#state;
    if (state.phase !== 'answering') return;
    if (end > start && !this.#client.write(Buffer.from(bytes.subarray(start, end)))) {
      state.connection.pause();
      this.#stream.once('drain', () => {
        if (this.#state === state) state.connection.resume();
      });
    }
    if (!last) return;
    this.#state = ENDED;
    state.connection.abandon();
    this.#group.release(state.endpoint);
    this.#forgetClient();
    this.#client.end([]);
  }

  failed(what: Failure): void {
    const state = this.#state;
    if (!('connection' in state)) return;
    this.#group.failed(state.endpoint);
    const nothingSent = what.reason === 'connect-failed' || what.reason === 'connect-timeout';
    if (nothingSent && this.#attempts < this.#context.limits.attempts) {
      this.avoid = state.endpoint;
      this.#state = { phase: 'waiting' };
      this.#context.retried(this.#group, what);
      this.#group.release(state.endpoint);
      this.#group.apply(this);
      return;
    }
    this.#end(what);
  }

  /** 200 is what 101 is on HTTP/2. */
  #accept(fields: Fields): void {
    if (fieldIn(fields, 'sec-websocket-accept') !== this.#handshake.accept) {
      this.#end(failure('bad-response', 'a wrong Sec-WebSocket-Accept'));
      return;
    }
    const headers = headerObject(withoutHandshake(fields));
    headers[':status'] = 200;
    this.#stream.respond(headers);
  }

  readonly #onClientClosed = (): void => {
    this.#end(failure('client-gone'));
  };

  /** From here on the tunnel listens. */
  #forgetClient(): void {
    this.#stream.removeListener('close', this.#onClientClosed);
  }

  #end(what: Failure): void {
    const state = this.#state;
    if (state.phase === 'ended' || state.phase === 'tunnel') return;
    this.#state = ENDED;
    if ('connection' in state) {
      state.connection.abandon();
      this.#group.release(state.endpoint);
    } else {
      this.#group.withdraw(this);
    }
    const { status } = meaning(what.reason);
    const begun = this.#stream.headersSent;
    this.#context.failed(this.#group, what, begun ? 0 : status);
    if (begun || status === 0) this.#client.abort(RESET.cancel);
    else this.#client.refuse(what, false);
  }
}

function openingText({ target, authority, fields }: RelayRequest, key: string): string {
  return `GET ${target} HTTP/1.1\r\nHost: ${authority}\r\n${linesOf(withoutHandshake(fields))}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;
}

function withoutHandshake(fields: Fields): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (!HANDSHAKE_FIELDS.has(fields[i] as string)) kept.push(fields[i] as string, fields[i + 1] as string);
  }
  return kept;
}
