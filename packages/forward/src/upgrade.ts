// An exchange that asks for another protocol, or for a tunnel (CONNECT): ends as a tunnel, or as an ordinary answer and a closed connection. It knows no protocol.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Connection } from './connection.ts';
import type { ConnectionUser, TunnelEnd } from './connection-user.ts';
import { EarlyBytes } from './early-bytes.ts';
import type { Endpoint } from './endpoint.ts';
import type { ExchangeContext } from './exchange-context.ts';
import { failure, meaning } from './failure.ts';
import type { Failure, FailureReason } from './failure.ts';
import type { Applicant, Group } from './group.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';
import { frameChunk } from './reply.ts';
import type { RequestHead } from './request-head.ts';
import type { BodyFraming, ResponseHead } from './response-head.ts';
import { switches } from './response-reader.ts';
import type { Switch } from './response-reader.ts';
import type { Before, Tunnels } from './tunnel.ts';

export { Tunnels } from './tunnel.ts';

/** waiting → sent → tunnel or answering → ended; `ended` is entered once. */
type State =
  | { readonly phase: 'waiting' }
  | { readonly phase: 'sent' | 'answering'; readonly connection: Connection; readonly endpoint: Endpoint; readonly chunked: boolean }
  | { readonly phase: 'tunnel' | 'ended' };

const WAITING: State = { phase: 'waiting' };
const TUNNEL: State = { phase: 'tunnel' };
const ENDED: State = { phase: 'ended' };

/** The client's side of an upgrade, as Node's 'upgrade' event hands it over; somebody listens for its errors already. */
export interface UpgradeClient {
  readonly req: IncomingMessage;
  readonly socket: Duplex;
  /** Bytes that came behind the head. */
  readonly early: Buffer;
}

export class Upgrade implements Applicant, ConnectionUser {
  readonly #context: ExchangeContext;
  readonly #group: Group;
  readonly #tunnels: Tunnels;
  readonly #client: UpgradeClient;
  readonly #head: RequestHead;
  readonly #switch: Switch;
  #early: EarlyBytes | null = null;
  #state: State = WAITING;
  #attempts = 0;
  avoid: Endpoint | null = null;

  constructor(context: ExchangeContext, group: Group, tunnels: Tunnels, client: UpgradeClient, head: RequestHead) {
    this.#context = context;
    this.#group = group;
    this.#tunnels = tunnels;
    this.#client = client;
    this.#head = head;
    this.#switch = client.req.method === 'CONNECT' ? 'connect' : 'upgrade';
  }

  start(): void {
    const { socket, early } = this.#client;
    socket.once('close', this.#onClientClosed);
    this.#early = new EarlyBytes(socket, early, this.#onClientEnd);
    if (this.#context.mayTunnel()) this.#group.apply(this);
    else this.#end(failure('tunnel-limit'));
  }

  admitted(endpoint: Endpoint): void {
    // A fresh connection, for it will not come back.
    const connection = endpoint.take(this, true);
    this.#attempts++;
    this.#state = { phase: 'sent', connection, endpoint, chunked: false };
    connection.writeHead(this.#head.text, true, false, this.#switch);
    this.#onClientEnd();
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

  interim(head: ResponseHead): void {
    const text = this.#context.hop.interimText(head, this.#client.req);
    if (this.#state.phase === 'sent') this.#client.socket.write(text, 'latin1');
  }

  head(head: ResponseHead, framing: BodyFraming): void {
    const state = this.#state;
    if (state.phase !== 'sent') return;
    const { hop } = this.#context;
    if (switches(this.#switch, head.status)) {
      this.#client.socket.write(hop.switchText(head, this.#client.req), 'latin1');
      return;
    }
    const { text, chunked } = hop.replyHead(head, framing, this.#client.req, false, null);
    this.#client.socket.write(text, 'latin1');
    this.#state = { ...state, phase: 'answering', chunked };
  }

  switched(end: TunnelEnd, early: Buffer): void {
    const state = this.#state;
    if (state.phase !== 'sent') return;
    this.#state = TUNNEL;
    // A tunnel is no exchange under way: it may live for days.
    this.#group.release(state.endpoint);
    const said = this.#forgetClient();
    openTunnel(this.#tunnels, this.#group, this.#client.socket, end, { toClient: early, ...said });
  }

  body(bytes: Buffer, start: number, end: number, last: boolean, trailers: string): void {
    const state = this.#state;
    if (state.phase !== 'answering') return;
    const { socket } = this.#client;
    const payload = Buffer.from(bytes.subarray(start, end));
    const more = socket.write(state.chunked ? frameChunk(payload, last, trailers) : payload);
    if (last) {
      this.#state = ENDED;
      this.#group.release(state.endpoint);
      this.#forgetClient();
      socket.end(() => socket.destroy());
    } else if (!more) {
      state.connection.pause();
      socket.once('drain', () => {
        if (this.#state === state) state.connection.resume();
      });
    }
  }

  failed(what: Failure): void {
    const state = this.#state;
    if (state.phase !== 'sent' && state.phase !== 'answering') return;
    if (meaning(what.reason).side === 'upstream') this.#group.failed(state.endpoint);
    const nothingSent = what.reason === 'connect-failed' || what.reason === 'connect-timeout';
    if (nothingSent && this.#attempts < this.#context.limits.attempts) {
      this.avoid = state.endpoint;
      this.#state = WAITING;
      this.#context.retried(this.#group, what);
      this.#group.release(state.endpoint);
      this.#group.apply(this);
      return;
    }
    this.#end(what);
  }

  readonly #onClientClosed = (): void => {
    this.#end(failure('client-gone'));
  };

  /** The far app hears it as it would on a direct connection, unless bytes that it may not have yet come first. */
  readonly #onClientEnd = (): void => {
    if (this.#early?.ended === true && this.#early.isEmpty && this.#state.phase === 'sent') this.#state.connection.socket.end();
  };

  /** What the client has said so far, and whether that was all. */
  #forgetClient(): { readonly toUpstream: Buffer; readonly ended: boolean } {
    this.#client.socket.removeListener('close', this.#onClientClosed);
    const ended = this.#early?.ended ?? false;
    return { toUpstream: this.#early?.take() ?? Buffer.alloc(0), ended };
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
    const begun = state.phase === 'answering';
    this.#context.failed(this.#group, what, begun ? 0 : status);
    // Two sides that have closed without a word leave nothing to say.
    const { ended } = this.#forgetClient();
    refuseUpgrade(this.#client.socket, begun || status === 0 || (ended && what.reason === 'no-answer') ? null : what);
  }
}

/** Outside of the exchange, so that a tunnel of days does not hold its request. */
function openTunnel(tunnels: Tunnels, group: Group, client: Duplex, end: TunnelEnd, before: Before): void {
  group.tunnels++;
  tunnels.open(client, end, before, () => group.tunnels--);
}
