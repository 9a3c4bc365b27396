// What a contestant's process computes for a request, without a kernel and a peer. A loaded machine moves that far less than
// what goes over sockets, so that single microseconds can be told apart. It starts nothing and judges nothing.

import type { Server } from '../../../bench/server.ts';
import { shuffled } from '../../../bench/rounds.ts';
import type { Random } from '../../live/random.ts';

export interface ComputedOptions {
  /** Each serves apps/in-memory.cjs. */
  readonly servers: ReadonlyMap<string, Server>;
  readonly rounds: number;
  readonly random: Random;
}

/** Microseconds of CPU a request, by contestant, one for each round. */
export type Computed = ReadonlyMap<string, readonly number[]>;

/** A multiple of the clients that the app plays. */
const REQUESTS_A_ROUND = 3_200;
/** V8 has compiled by then what it ever will. */
const WARM_UP_REQUESTS = 64_000;

export async function computedBy({ servers, rounds, random }: ComputedOptions): Promise<Computed> {
  const computed = new Map<string, number[]>([...servers.keys()].map((name) => [name, []]));
  for (const server of servers.values()) await play(server, WARM_UP_REQUESTS);
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, server] of shuffled([...servers], random)) computed.get(name)?.push(await play(server, REQUESTS_A_ROUND));
  }
  return computed;
}

async function play({ port }: Server, requests: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/play/${requests}`);
  const micros = Number(await response.text());
  if (!(micros > 0)) throw new Error(`the app in memory answered ${response.status}`);
  return micros;
}
