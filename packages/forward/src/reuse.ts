// Whether a connection may serve another exchange, and how long it may wait for one (RFC 9112 §9.3). It only reads heads.

import type { Limits } from './limits.ts';
import type { BodyFraming, ResponseHead } from './response-head.ts';

/** An upstream's announced timeout counts from an earlier moment than ours, so we leave first. */
const EARLIER_MS = 1_000;

export class Reuse {
  readonly #longestMs: number;
  #idleMs: number;
  #allowed = true;

  constructor({ idleConnectionMs }: Limits) {
    this.#longestMs = idleConnectionMs;
    this.#idleMs = idleConnectionMs;
  }

  get allowed(): boolean {
    return this.#allowed;
  }

  /** Idle for so long that the upstream may be about to close it. */
  isStale(idleMs: number): boolean {
    return idleMs > this.#idleMs;
  }

  forbid(): void {
    this.#allowed = false;
  }

  /** What the head of an answer says on the connection's further life; `uses` counts this exchange. */
  note(head: ResponseHead, framing: BodyFraming, uses: number): void {
    const persists = head.minorVersion === 1 ? !head.saysClose : head.saysKeepAlive && !head.saysClose;
    // Chunks behind a head that allows none would be read as the next answer.
    const strayBody = framing === 'none' && head.chunked && (head.status === 204 || head.status === 304);
    // The last one that is allowed would say `close`, and a client whose own connection goes on would hear it.
    const nextIsLast = head.keepAliveMax !== -1 && uses + 1 >= head.keepAliveMax;
    // A 101 that did not switch: what follows would be another protocol's.
    if (!persists || framing === 'until-close' || strayBody || nextIsLast || head.status === 101) this.forbid();
    if (head.keepAliveSeconds !== -1) this.#idleMs = Math.min(this.#longestMs, Math.max(0, head.keepAliveSeconds * 1_000 - EARLIER_MS));
  }
}
