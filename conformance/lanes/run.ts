// The run: requests without a pause through the whole chain while the strategy changes, and a judgement of each.

import { Connection } from '../live/connection.ts';
import type { Outcome } from '../live/connection.ts';
import type { RunningChain } from './chain.ts';
import { prescribed } from './strategies.ts';

export interface Plan {
  readonly chain: Pick<RunningChain, 'places' | 'perHop' | 'publish'>;
  /** At least: they go on until the last change is in force. */
  readonly requests: number;
  readonly changes: number;
  readonly connections: number;
}

export interface Report {
  readonly asked: number;
  readonly answered: number;
  readonly failed: number;
  /** Requests whose services went by different generations. */
  readonly mixedGenerations: number;
  /** Requests that were in different lanes at different services. */
  readonly twoLanes: number;
  /** Requests whose versions are not those that their generation prescribes for their user. */
  readonly wrongVersions: number;
  /** Requests whose tag did not reach the last service. */
  readonly lostTags: number;
  /** Generations that were met. */
  readonly generations: number;
  readonly seconds: number;
  readonly examples: readonly string[];
}

const USERS = 10_000;
const ASK_LIMIT_MS = 30_000;
const EXAMPLES = 5;

export async function runLanes({ chain, requests, changes, connections }: Plan): Promise<Report> {
  const judge = new Judge(!chain.perHop);
  judge.began(await chain.publish(0), 0);
  const started = performance.now();
  let asked = 0;
  let due = Promise.withResolvers<undefined>();
  let next = 1;
  const client = async (): Promise<void> => {
    const connection = new Connection(chain.places.first.port, ASK_LIMIT_MS, chain.places.first.host);
    while (asked < requests || next <= changes) {
      const user = asked % USERS;
      asked += 1;
      if (asked >= (next * requests) / (changes + 1)) due.resolve(undefined);
      judge.hear(user, await connection.ask(`GET / HTTP/1.1\r\nHost: chain\r\nX-User: u${user}\r\n\r\n`));
    }
    connection.close();
  };
  const changing = async (): Promise<void> => {
    for (; next <= changes; next += 1) {
      await due.promise;
      due = Promise.withResolvers();
      judge.expect(next);
      judge.began(await chain.publish(next), next);
    }
  };
  await Promise.all([changing(), ...Array.from({ length: connections }, client)]);
  return { asked, ...judge.report((performance.now() - started) / 1000) };
}

interface Hop {
  readonly service: string;
  readonly version: string;
  readonly lane: string | null;
  readonly generation: number;
}

type Fault = 'failed' | 'mixedGenerations' | 'twoLanes' | 'wrongVersions' | 'lostTags';

class Judge {
  /** Generation to step; one that is on its way is known by the answers that name it. */
  readonly #steps = new Map<number, number>();
  readonly #met = new Set<number>();
  readonly #counts: Record<'answered' | Fault, number> = { answered: 0, failed: 0, mixedGenerations: 0, twoLanes: 0, wrongVersions: 0, lostTags: 0 };
  readonly #stamped: boolean;
  readonly #examples: string[] = [];
  #coming = 0;

  /** Without stamps there is no tag to lose. */
  constructor(stamped: boolean) {
    this.#stamped = stamped;
  }

  expect(step: number): void {
    this.#coming = step;
  }

  began(generation: number, step: number): void {
    this.#steps.set(generation, step);
  }

  hear(user: number, outcome: Outcome): void {
    if (outcome.kind === 'failed' || outcome.answer.status !== 200) {
      this.#fault('failed', outcome.kind === 'failed' ? outcome.why : outcome.answer.head);
      return;
    }
    this.#counts.answered += 1;
    const said = JSON.parse(outcome.answer.body) as { readonly routes: readonly string[]; readonly baggage: string };
    const hops = [/graylane-route: (.*)\r\n/i.exec(outcome.answer.head)?.[1] ?? '', ...said.routes].map(hopOf);
    const [entry] = hops;
    if (hops.length !== 3 || entry === undefined) {
      this.#fault('failed', JSON.stringify(hops));
      return;
    }
    this.#met.add(entry.generation);
    const example = `u${user}: ${hops.map(({ service, version, lane, generation }) => `${service} ${version} lane=${lane ?? '-'} gen=${generation}`).join(' → ')}`;
    if (hops.some(({ generation }) => generation !== entry.generation)) this.#fault('mixedGenerations', example);
    if (hops.some(({ lane }) => lane !== entry.lane)) this.#fault('twoLanes', example);
    const wanted = prescribed(this.#steps.get(entry.generation) ?? this.#coming, user);
    if (wanted.lane !== entry.lane || hops.some(({ service, version }) => version !== Reflect.get(wanted.versions, service))) this.#fault('wrongVersions', example);
    if (this.#stamped && !said.baggage.includes(`graylane.tags=user=u${user},`)) this.#fault('lostTags', `${example} ${said.baggage}`);
  }

  report(seconds: number): Omit<Report, 'asked'> {
    return { ...this.#counts, generations: this.#met.size, seconds, examples: this.#examples };
  }

  #fault(kind: Fault, example: string): void {
    this.#counts[kind] += 1;
    if (this.#examples.length < EXAMPLES) this.#examples.push(`${kind}: ${example}`);
  }
}

/** `service=web, version="1.0", lane=ramp, gen=7` */
function hopOf(route: string): Hop {
  const of = (name: string): string | null => new RegExp(`(?:^|, )${name}="?([^",]*)`).exec(route)?.[1] ?? null;
  return { service: of('service') ?? '', version: of('version') ?? '', lane: of('lane'), generation: Number(of('gen')) };
}
