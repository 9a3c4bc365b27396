// What every exchange needs of the forwarder that it belongs to, whatever protocol moves it.

import type { Clock } from './clock.ts';
import type { Failure } from './failure.ts';
import type { Group } from './group.ts';
import type { Hop } from './hop.ts';
import type { Limits } from './limits.ts';
import type { ReplyWriter } from './reply-writer.ts';

export interface ExchangeContext {
  readonly hop: Hop;
  readonly writer: ReplyWriter;
  readonly limits: Limits;
  readonly clock: Clock;
  now(): number;
  /** Whether one tunnel more is within the limit. */
  mayTunnel(): boolean;
  failed(group: Group, what: Failure, status: number): void;
  retried(group: Group, what: Failure): void;
}
