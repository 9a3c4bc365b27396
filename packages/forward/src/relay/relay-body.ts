// The body of a relayed request on its way from its client to the carrier that has the exchange now. It knows no answer.

import { failure } from '../failure.ts';
import type { Failure } from '../failure.ts';
import type { Limits } from '../limits.ts';
import type { Carrier } from './carrier.ts';
import type { Fields } from './fields.ts';
import { KeptBody } from './kept-body.ts';
import type { RelayClient } from './relay-client.ts';

type State = 'unread' | 'flowing' | 'ended';

export class RelayBody {
  readonly #client: RelayClient;
  readonly #limits: Limits;
  readonly #failed: (what: Failure) => void;
  #state: State = 'unread';
  /** Null before the first carrier, and between two. */
  #carrier: Carrier | null = null;
  /** Only of what goes over HTTP/2, and until its upstream has begun to answer. */
  #kept: KeptBody | null = null;
  #received = 0;
  #paceAt = 0;

  constructor(client: RelayClient, limits: Limits, failed: (what: Failure) => void) {
    this.#client = client;
    this.#limits = limits;
    this.#failed = failed;
  }

  /** The client has said all of it. */
  get isComplete(): boolean {
    return this.#state === 'ended';
  }

  /** Whether another upstream could still get all of it. */
  get isReplayable(): boolean {
    return this.#state === 'unread' || this.#kept?.isWhole === true;
  }

  /** The carrier takes bytes from now on. `keeps`: its upstream can refuse what it has not looked at. */
  goTo(carrier: Carrier, keeps: boolean): void {
    this.#carrier = carrier;
    if (this.#state === 'unread') {
      this.#state = 'flowing';
      if (keeps) this.#kept = new KeptBody();
      carrier.awaitBody('client');
      this.#client.readBody();
    } else if (this.#kept !== null) {
      this.#goAgain(carrier, this.#kept);
    }
  }

  /** Its carrier refused it. */
  interrupt(): void {
    this.#carrier = null;
    if (this.#state === 'flowing') this.#client.pauseBody();
  }

  /** Its upstream has looked at it: it goes nowhere else any more. */
  forget(): void {
    this.#kept = null;
  }

  drained(): void {
    if (this.#state !== 'flowing' || this.#carrier === null) return;
    this.#carrier.awaitBody('client');
    this.#client.resumeBody();
  }

  data(chunk: Buffer): void {
    if (this.#state !== 'flowing') return;
    this.#received += chunk.length;
    const { requestBodyBytes } = this.#limits;
    const { body } = this.#client.request;
    if (requestBodyBytes > 0 && this.#received > requestBodyBytes) {
      this.#failed(failure('body-too-large'));
    } else if (typeof body === 'number' && this.#received > body) {
      this.#failed(failure('bad-framing', 'more body than Content-Length'));
    } else {
      this.#kept?.add(chunk);
      if (this.#carrier !== null) this.#send(this.#carrier, chunk);
      // Between two carriers what was on its way before the pause is kept, too.
      else if (this.#kept?.isWhole !== true) this.#failed(failure('connect-failed', 'refused stream'));
    }
  }

  end(trailers: Fields): void {
    if (this.#state !== 'flowing') return;
    const { body } = this.#client.request;
    if (typeof body === 'number' && this.#received !== body) {
      this.#failed(failure('bad-framing', 'less body than Content-Length'));
      return;
    }
    this.#state = 'ended';
    if (this.#kept !== null) this.#kept.trailers = trailers;
    this.#carrier?.endBody(trailers);
  }

  #send(carrier: Carrier, chunk: Buffer): void {
    if (!carrier.write(chunk)) {
      this.#client.pauseBody();
      carrier.awaitBody('upstream');
    } else if (this.#received >= this.#paceAt) {
      // A client that drips is as slow as one that stalls.
      this.#paceAt = this.#received + this.#limits.clientPaceBytes;
      carrier.awaitBody('client');
    }
  }

  #goAgain(carrier: Carrier, { chunks, trailers }: KeptBody): void {
    let more = true;
    for (const chunk of chunks) more = carrier.write(chunk);
    if (trailers !== null) carrier.endBody(trailers);
    else if (more) this.drained();
    else carrier.awaitBody('upstream');
  }
}
