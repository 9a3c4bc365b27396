// Copies a share of the requests of a service to one of its versions and throws the answers away. A copy is sent when its original
// has been taken in, under limits of its own: what does not fit is dropped and counted, and nothing ever waits for a mirror.

import type { IncomingMessage } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { Forwarder, proxyHop } from '@graylane/forward';
import type { Clock, Upstream } from '@graylane/forward';
import { Relay } from '@graylane/forward/relay';
import type { RelayRequest } from '@graylane/forward/relay';
import { MirrorClient } from './mirror-client.ts';
import { Pace } from './pace.ts';

export interface MirrorPlan {
  /** The version that gets the copies. */
  readonly to: string;
  /** 0-100. */
  readonly percent: number;
  /** Copied methods; what has side effects would have them twice. */
  readonly methods: readonly string[];
  /** Copies under way at a time. */
  readonly inFlight: number;
  /** A copy's body; a larger one is not copied. */
  readonly bodyBytes: number;
  /** All bodies held at a time. */
  readonly bufferedBytes: number;
  /** From its sending to the end of its answer. */
  readonly timeoutMs: number;
}

export const DEFAULT_MIRROR: Omit<MirrorPlan, 'to'> = {
  percent: 100,
  methods: ['GET', 'HEAD', 'OPTIONS'],
  inFlight: 64,
  bodyBytes: 256 * 1024,
  bufferedBytes: 16 * 1024 * 1024,
  timeoutMs: 10_000,
};

export type MirrorDrop = 'in-flight' | 'buffered' | 'body' | 'down' | 'original-aborted';

export interface MirrorCounts {
  readonly to: string;
  readonly sent: number;
  readonly answered: number;
  /** Sent, but without an answer. */
  readonly failed: number;
  readonly dropped: Readonly<Record<MirrorDrop, number>>;
}

/** So many failures in a row, and the mirror is left alone for a while: trying a dead one costs the original's CPU. */
const DOWN_AFTER = 5;
const DOWN_MS = 1_000;
const GROUP = 'mirror';

export class Mirror {
  readonly plan: MirrorPlan;
  readonly #forwarder: Forwarder;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #methods: ReadonlySet<string>;
  readonly #dropped: Record<MirrorDrop, number> = { 'in-flight': 0, buffered: 0, body: 0, down: 0, 'original-aborted': 0 };
  readonly #pace: Pace;
  #inFlight = 0;
  #buffered = 0;
  #sent = 0;
  #answered = 0;
  #failed = 0;
  #failuresInRow = 0;
  #downUntil = 0;

  constructor(plan: MirrorPlan, clock: Clock, random: () => number) {
    this.plan = plan;
    this.#clock = clock;
    this.#random = random;
    this.#methods = new Set(plan.methods);
    this.#pace = new Pace(plan.inFlight);
    this.#forwarder = new Forwarder({
      hop: proxyHop, clock, random,
      // One try, no line to wait in: a copy that cannot go now does not go.
      limits: { attempts: 1, waitingPerGroup: 0, inFlightPerUpstream: plan.inFlight, responseHeadMs: plan.timeoutMs, bodyIdleMs: plan.timeoutMs, connectRemoteMs: Math.min(1_000, plan.timeoutMs) },
    });
  }

  setUpstreams(upstreams: readonly Upstream[]): void {
    this.#forwarder.setUpstreams(GROUP, upstreams);
  }

  /** Whether this request is to be copied. */
  takes(method: string): boolean {
    if (!this.#methods.has(method) || (this.plan.percent < 100 && this.#random() * 100 >= this.plan.percent)) return false;
    const now = this.#clock.now();
    if (now < this.#downUntil) return this.#drop('down');
    if (this.#inFlight >= this.plan.inFlight || !this.#pace.tryStart(now)) return this.#drop('in-flight');
    return true;
  }

  /** Copies a request whose body comes from `body`, when there is one. Reads along; never makes the body flow, never stops it. */
  copy(request: RelayRequest, body: IncomingMessage | ServerHttp2Stream): void {
    this.#inFlight++;
    if (request.body === 'none') {
      // After what the original has to do now.
      setImmediate(() => this.#send(request, []));
      return;
    }
    const chunks: Buffer[] = [];
    let size = 0;
    let state: 'reading' | 'over' = 'reading';
    const over = (why: MirrorDrop | null): void => {
      if (state === 'over') return;
      state = 'over';
      if (why === null) {
        setImmediate(() => this.#send(request, chunks));
        return;
      }
      this.#buffered -= size;
      chunks.length = 0;
      this.#inFlight--;
      this.#drop(why);
    };
    readAlong(body, (chunk) => {
      if (state === 'over') return;
      if (size + chunk.length > this.plan.bodyBytes) over('body');
      else if (this.#buffered + chunk.length > this.plan.bufferedBytes) over('buffered');
      else {
        chunks.push(chunk);
        size += chunk.length;
        this.#buffered += chunk.length;
      }
    }, (complete) => over(complete ? null : 'original-aborted'));
  }

  counts(): MirrorCounts {
    return { to: this.plan.to, sent: this.#sent, answered: this.#answered, failed: this.#failed, dropped: { ...this.#dropped } };
  }

  close(): void {
    this.#forwarder.close();
  }

  #send(request: RelayRequest, chunks: Buffer[]): void {
    const size = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    this.#sent++;
    const sentAt = this.#clock.now();
    const client = new MirrorClient({ ...request, expectsContinue: false }, chunks);
    const stopTimer = this.#clock.after(this.plan.timeoutMs, () => client.giveUp());
    this.#forwarder.run(GROUP, (context, group) => {
      new Relay(context, group, client, {
        editReply: null,
        ended: (outcome) => {
          stopTimer();
          this.#pace.ended(this.#clock.now() - sentAt);
          this.#inFlight--;
          this.#buffered -= size;
          this.#note(outcome.status > 0 && outcome.failure === null || client.hasAnswer);
        },
      }).start();
    });
  }

  #note(answered: boolean): void {
    if (answered) {
      this.#answered++;
      this.#failuresInRow = 0;
      return;
    }
    this.#failed++;
    this.#failuresInRow++;
    if (this.#failuresInRow < DOWN_AFTER) return;
    // One failure more closes it again: it has to prove itself.
    this.#failuresInRow = DOWN_AFTER - 1;
    this.#downUntil = this.#clock.now() + DOWN_MS;
  }

  #drop(why: MirrorDrop): false {
    this.#dropped[why]++;
    return false;
  }
}

/** Hears a body from the moment on when its owner begins to read it. */
function readAlong(body: IncomingMessage | ServerHttp2Stream, onChunk: (chunk: Buffer) => void, onOver: (complete: boolean) => void): void {
  const onListener = (event: string | symbol): void => {
    if (event !== 'data') return;
    // Only now: a listener of ours would make the body flow before anybody takes it.
    body.removeListener('newListener', onListener);
    body.on('data', onChunk);
  };
  body.on('newListener', onListener);
  // Of a request that was answered before it was whole Node does not say that its client left; its connection does.
  const connection = 'httpVersion' in body ? body.socket : body;
  const onClose = (): void => onOver(false);
  connection.once('close', onClose);
  body.once('end', () => {
    connection.removeListener('close', onClose);
    onOver(true);
  });
}
