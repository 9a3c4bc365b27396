// One exchange between any client and any upstream where one of them speaks HTTP/2, from an accepted request to its one end.
// HTTP/1.1 on both sides has a shorter way (exchange.ts). It knows neither protocol.

import type { Endpoint } from '../endpoint.ts';
import type { ExchangeContext } from '../exchange-context.ts';
import { failure, meaning } from '../failure.ts';
import type { Failure, FailureReason } from '../failure.ts';
import type { Applicant, Group } from '../group.ts';
import { isIdempotent } from '../idempotent.ts';
import type { EditReply } from '../hop.ts';
import type { Carrier, CarrierUser, Written } from './carrier.ts';
import { ConnectionCarrier } from './connection-carrier.ts';
import { fieldIn, fieldsOfLines } from './fields.ts';
import type { Fields } from './fields.ts';
import { RelayBody } from './relay-body.ts';
import { RESET } from './relay-client.ts';
import type { RelayClient, RelayClientListener } from './relay-client.ts';
import { StreamCarrier } from './stream-carrier.ts';

/** waiting → sent → answering → ended, back from sent to waiting for a retry, to ended from everywhere; `ended` is entered once. */
type State =
  | { readonly phase: 'waiting' }
  | { readonly phase: 'sent' | 'answering'; readonly carrier: Carrier; readonly endpoint: Endpoint; readonly since: number }
  | { readonly phase: 'ended' };

const WAITING: State = { phase: 'waiting' };
const ENDED: State = { phase: 'ended' };
/** A connection that rested this long may have been closed by its upstream just now; that is nobody's failure. */
const RESTED_MS = 1_000;
/** A call without an end counts as under way for so long; then it is taken for a stream and counts as a tunnel. */
const LONG_CALL_MS = 10_000;

export interface RelayOutcome {
  /** 0 when no head was sent. */
  readonly status: number;
  readonly failure: Failure | null;
}

export interface RelayOptions {
  readonly editReply: EditReply | null;
  /** Called once, at the end. */
  readonly ended: (outcome: RelayOutcome) => void;
}

export class Relay implements Applicant, CarrierUser, RelayClientListener {
  readonly #context: ExchangeContext;
  readonly #group: Group;
  readonly #client: RelayClient;
  readonly #options: RelayOptions;
  /** Null for a request without. */
  readonly #body: RelayBody | null;
  #state: State = WAITING;
  #attempts = 0;
  #fresh = false;
  #status = 0;
  avoid: Endpoint | null = null;
  #leave: () => void = () => undefined;
  #stopLong: () => void = () => undefined;

  constructor(context: ExchangeContext, group: Group, client: RelayClient, options: RelayOptions) {
    this.#context = context;
    this.#group = group;
    this.#client = client;
    this.#options = options;
    this.#body = client.request.body === 'none' ? null : new RelayBody(client, context.limits, (what) => this.#end(what, RESET.none));
  }

  start(): void {
    this.#client.watch(this);
    this.#group.budget.request(this.#context.now());
    this.#group.apply(this);
  }

  // Applicant

  admitted(endpoint: Endpoint): void {
    this.#attempts++;
    this.#leave = () => this.#group.release(endpoint);
    const { request } = this.#client;
    let carrier: StreamCarrier | ConnectionCarrier;
    try {
      carrier = endpoint.upstream.http2 === true ? new StreamCarrier(endpoint, request, this) : new ConnectionCarrier(endpoint, request, this, this.#fresh);
    } catch (error) {
      this.#leave();
      this.#leave = () => undefined;
      this.#end(failure('bad-framing', String(error)), RESET.none);
      return;
    }
    this.#state = { phase: 'sent', carrier, endpoint, since: this.#context.now() };
    if (request.isRpc) this.#stopLong = this.#context.clock.after(LONG_CALL_MS, () => this.#becomeTunnel());
    if (!carrier.isConnecting) this.connected();
  }

  shed(reason: FailureReason): void {
    this.#end(failure(reason), RESET.none);
  }

  // CarrierUser

  connected(): void {
    const state = this.#state;
    if ('carrier' in state) this.#body?.goTo(state.carrier, state.endpoint.upstream.http2 === true);
  }

  drained(): void {
    if ('carrier' in this.#state) this.#body?.drained();
  }

  interim(status: number, fields: Fields): void {
    if (this.#state.phase !== 'sent') return;
    this.#body?.forget();
    try {
      this.#client.interim(status, fields);
    } catch {
      // It is a hint: one that the client's protocol, or Node, has no way to say is left out.
    }
  }

  head(status: number, fields: Fields, ended: boolean): void {
    const state = this.#state;
    if (state.phase !== 'sent') return;
    const now = this.#context.now();
    this.#group.answered(state.endpoint, now - state.since);
    this.#body?.forget();
    this.#state = { phase: 'answering', carrier: state.carrier, endpoint: state.endpoint, since: state.since };
    this.#status = status;
    try {
      this.#client.respond(status, this.#edited(status, fields), ended);
    } catch (error) {
      this.#state = state;
      this.#status = 0;
      this.#end(failure('bad-response', String(error)), RESET.none);
      return;
    }
    if (fieldIn(fields, 'content-type')?.startsWith('text/event-stream') === true) this.#becomeTunnel();
  }

  data(chunk: Buffer, written?: Written): void {
    const state = this.#state;
    if (state.phase === 'answering' && !this.#client.write(chunk, written)) state.carrier.pause();
  }

  end(trailers: Fields): void {
    const state = this.#state;
    if (state.phase !== 'answering') return;
    this.#state = ENDED;
    this.#stopLong();
    if (this.#body?.isComplete === false) state.carrier.cancel();
    this.#leave();
    this.#client.end(trailers);
    this.#options.ended({ status: this.#status, failure: null });
  }

  failed(what: Failure, code: number): void {
    const state = this.#state;
    if (!('carrier' in state)) return;
    const rested = state.phase === 'sent' && what.reason === 'no-answer' && state.carrier.restedMs >= RESTED_MS;
    if (!rested && meaning(what.reason).side === 'upstream') this.#group.failed(state.endpoint);
    if (state.phase === 'sent' && this.#mayRetry(what, rested)) {
      this.avoid = rested ? null : state.endpoint;
      this.#fresh = true;
      this.#state = WAITING;
      this.#stopLong();
      this.#body?.interrupt();
      this.#context.retried(this.#group, what);
      this.#leave();
      this.#group.apply(this);
      return;
    }
    this.#end(what, code);
  }

  // RelayClientListener

  bodyData(chunk: Buffer): void {
    if (this.#state.phase !== 'ended') this.#body?.data(chunk);
  }

  bodyEnd(trailers: Fields): void {
    if (this.#state.phase !== 'ended') this.#body?.end(trailers);
  }

  bodyBroken(): void {
    this.#end(failure('client-gone'), RESET.cancel);
  }

  writable(): void {
    if (this.#state.phase === 'answering') this.#state.carrier.resume();
  }

  closed(what?: Failure): void {
    this.#end(what ?? failure('client-gone'), RESET.cancel);
  }

  /** An event stream, or a call that does not end, may last for days: it holds no place among what is under way. */
  #becomeTunnel(): void {
    if (!('carrier' in this.#state) || !this.#context.mayTunnel()) return;
    this.#stopLong();
    this.#body?.forget();
    this.#leave();
    this.#group.tunnels++;
    this.#leave = () => this.#group.tunnels--;
  }

  #edited(status: number, fields: Fields): Fields {
    const edit = this.#options.editReply?.({ status, field: (lower) => fieldIn(fields, lower) }) ?? null;
    if (edit === null) return fields;
    const kept: string[] = [];
    for (let i = 0; i < fields.length; i += 2) if (!edit.drop.has(fields[i] as string)) kept.push(fields[i] as string, fields[i + 1] as string);
    return [...kept, ...fieldsOfLines(edit.add)];
  }

  #mayRetry(what: Failure, rested: boolean): boolean {
    if (this.#attempts >= this.#context.limits.attempts || this.#body?.isReplayable === false) return false;
    // Nothing was sent, or nothing of it looked at: it costs no upstream anything.
    if (what.reason === 'connect-failed' || what.reason === 'connect-timeout') return true;
    if (what.reason !== 'no-answer' || this.#body !== null || !isIdempotent(this.#client.request.method)) return false;
    return rested || this.#group.budget.tryRetry(this.#context.now());
  }

  /** The one end of an exchange that did not succeed. */
  #end(what: Failure, code: number): void {
    const state = this.#state;
    if (state.phase === 'ended') return;
    this.#state = ENDED;
    this.#stopLong();
    if ('carrier' in state) {
      state.carrier.cancel();
      this.#leave();
    } else {
      this.#group.withdraw(this);
    }
    const { status, side } = meaning(what.reason);
    const begun = state.phase === 'answering';
    this.#context.failed(this.#group, what, begun ? 0 : status);
    if (begun || status === 0) this.#client.abort(side === 'client' ? RESET.cancel : code === RESET.none ? RESET.internal : code);
    else this.#client.refuse(what, this.#body?.isComplete !== false);
    this.#options.ended({ status: begun ? this.#status : status, failure: what });
  }
}
