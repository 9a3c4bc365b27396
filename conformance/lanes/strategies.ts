// The strategies of the run, one after the other, and what each of them prescribes for a user. Written down here by hand, so
// that the router is not its own judge.

export type Chain = Readonly<Record<'first' | 'middle' | 'last', string>>;

export interface Prescribed {
  /** Null is stable. */
  readonly lane: string | null;
  readonly versions: Chain;
}

/** Where a service listens, and under which address the others ask it. */
export interface Place {
  readonly listen: string | number;
  readonly host: string;
  readonly port: number;
}

export interface ChainPlaces {
  readonly first: Place;
  readonly middle: Place;
  readonly last: Place;
}

/** Users are u0, u1 …; by the last digit they are in the audience of alpha, of beta, or of none. */
export function prescribed(step: number, user: number): Prescribed {
  const digit = user % 10;
  if (digit <= 4) return { lane: 'alpha', versions: step % 2 === 0 ? chain('v2', 'v2') : chain('v1', 'v2') };
  if (digit <= 6) return { lane: 'beta', versions: step % 2 === 0 ? chain('v3', 'v1') : chain('v3', 'v3') };
  return { lane: null, versions: chain('v1', 'v1') };
}

function chain(middle: string, last: string): Chain {
  return { first: 'v1', middle, last };
}

/** `perHop`: every service is an edge that selects for itself, from a header that apps carry by hand. */
export function document(step: number, { first, middle, last }: ChainPlaces, script: string, perHop: boolean): object {
  const trust = perHop ? 'edge' : 'internal';
  const env = (next: Place | null): object => ({ env: { HOST: typeof first.listen === 'number' ? '' : first.host, NEXT: next === null ? '' : `http://${authorityOf(next)}/`, CARRY: perHop ? '1' : '' } });
  // Canaries yield to stable by default; here they carry most of the load.
  const version = (next: Place | null): object => ({ script, workers: 1, nice: 0, ...env(next) });
  const even = step % 2 === 0;
  return {
    exposeRoute: true,
    tags: { user: { header: 'x-user' } },
    services: {
      first: { listen: first.listen, stable: 'v1', versions: { v1: version(middle) } },
      middle: { listen: middle.listen, hosts: [authorityOf(middle)], trust, stable: 'v1', versions: { v1: version(last), v2: version(last), v3: version(last) } },
      last: { listen: last.listen, hosts: [authorityOf(last)], trust, stable: 'v1', versions: { v1: version(null), v2: version(null), v3: version(null) } },
    },
    releases: [
      { name: 'alpha', priority: 1, when: [{ tag: { user: { regex: 'u\\d*[0-4]' } } }], versions: even ? { middle: 'v2', last: 'v2' } : { last: 'v2' } },
      { name: 'beta', priority: 2, when: [{ tag: { user: { regex: 'u\\d*[56]' } } }], versions: even ? { middle: 'v3' } : { middle: 'v3', last: 'v3' } },
    ],
  };
}

function authorityOf({ host, port }: Place): string {
  return `${host}:${port}`;
}
