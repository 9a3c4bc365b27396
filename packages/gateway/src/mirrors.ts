// All mirrors of one service: gives each of them the requests that it takes. It knows no original's answer.

import type { IncomingMessage } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Clock, Upstream } from '@graylane/forward';
import type { RelayRequest } from '@graylane/forward/relay';
import { Mirror } from './mirror.ts';
import type { MirrorCounts, MirrorPlan } from './mirror.ts';

export class Mirrors {
  readonly #mirrors: readonly Mirror[];

  constructor(plans: readonly MirrorPlan[], clock: Clock, random: () => number) {
    this.#mirrors = plans.map((plan) => new Mirror(plan, clock, random));
  }

  setUpstreams(upstreams: Readonly<Record<string, readonly Upstream[]>>): void {
    for (const mirror of this.#mirrors) mirror.setUpstreams(upstreams[mirror.plan.to] ?? []);
  }

  /** `request` is asked for only when somebody takes it. */
  copy(method: string, request: () => RelayRequest, body: IncomingMessage | ServerHttp2Stream): void {
    for (const mirror of this.#mirrors) {
      if (!mirror.takes(method)) continue;
      try {
        mirror.copy(request(), body);
      } catch {
        // The original is refused for the same reason, and says so.
      }
    }
  }

  counts(): MirrorCounts[] {
    return this.#mirrors.map((mirror) => mirror.counts());
  }

  close(): void {
    for (const mirror of this.#mirrors) mirror.close();
  }
}
