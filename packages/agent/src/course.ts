// From a route to where the exchange goes: this process, another version's workers, or nowhere. It moves nothing.

import type { Socket } from 'node:net';
import { hopText, type WorkerBrief } from '@graylane/wire';
import { clientTextOf } from './client.ts';
import type { Counts } from './counts.ts';
import type { Peers } from './peers.ts';
import type { Published, Route } from './strategy.ts';

export type Course =
  | { readonly kind: 'here' }
  /** `hop` is what the other agent is told about the exchange. */
  | { readonly kind: 'there'; readonly version: string; readonly hop: string }
  /** Its release says `onUnavailable: 'error'`, and its version has no worker. */
  | { readonly kind: 'nowhere' };

export const HERE: Course = { kind: 'here' };
const NOWHERE: Course = { kind: 'nowhere' };

export class Courses {
  readonly #own: string;
  readonly #peers: Peers;
  readonly #counts: Counts;

  constructor(brief: Pick<WorkerBrief, 'version'>, peers: Peers, counts: Counts) {
    this.#own = brief.version;
    this.#peers = peers;
    this.#counts = counts;
  }

  /** For a request that came in on `socket` at the public place `index`. */
  of({ published, decision, version, context }: Route, index: number, socket: Socket): Course {
    if (version === this.#own) return HERE;
    const serving = this.#peers.has(version, index) ? version : this.#substitute(published, decision.lane, index);
    if (serving === null) return NOWHERE;
    if (serving === this.#own) return HERE;
    return { kind: 'there', version: serving, hop: hopText(clientTextOf(socket), published.router.generation, decision.lane ?? '', decision.mint ?? '', context?.baggage ?? '') };
  }

  /** Who serves a lane whose version has no ready worker; null for nobody. */
  #substitute({ router, stable }: Published, lane: string | null, index: number): string | null {
    this.#counts.note(lane, 'unavailable', router.generation);
    if (lane !== null && router.lane(lane)?.onUnavailable === 'error') return null;
    // Rather this process, of whatever version, than an error.
    return this.#peers.has(stable, index) ? stable : this.#own;
  }
}
