// Two or more versions of a handler in one process, each request to the right one by the same strategy as everywhere else.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { loadRouter, type Decision, type Router, type Snapshot } from '@graylane/rules';
import { drawnReleases, routeField, timingField, type Marks } from '@graylane/wire';
import { Failure, problemText } from '../print/failure.ts';
import { ModuleCounts, type Counted } from './counts.ts';
import { GlobalsCheck, type SharedGlobal } from './globals.ts';
import { callable, type Callable, type VersionHandler } from './handler.ts';
import { markFetchResponse, markNodeResponse } from './marks.ts';
import { followSource, type StrategySource } from './source.ts';

export interface RouterOptions {
  /** As the strategy calls it. */
  readonly service: string;
  /** Handlers by version; all for Node, or all for fetch. */
  readonly versions: Readonly<Record<string, VersionHandler>>;
  readonly strategy: StrategySource;
  /** Looks for globals that several versions change, at a price; default: unless NODE_ENV is `production`. */
  readonly checkGlobals?: boolean;
  /** Default: a warning of the process. */
  readonly onSharedGlobal?: (shared: SharedGlobal) => void;
  /** A new strategy that cannot be used; the one in force stays. Default: a warning of the process. */
  readonly onError?: (error: Error) => void;
  readonly random?: () => number;
  readonly now?: () => number;
}

export interface ModuleRouter {
  /** For `http.createServer`. */
  readonly listener: (req: IncomingMessage, res: ServerResponse) => void;
  /** For servers that speak fetch. */
  readonly fetch: (request: Request, ...rest: unknown[]) => Promise<Response>;
  /** Of the strategy in force. */
  readonly generation: number;
  /** Requests by version since the start. */
  counts(): Readonly<Record<string, number>>;
  /** Ends the updates. */
  close(): void;
}

/** Rejects on a strategy that cannot be used, a version that is no handler, or versions of different kinds. */
export async function createRouter(options: RouterOptions): Promise<ModuleRouter> {
  const environment = process.env;
  const warn = (text: string): void => process.emitWarning(text, { type: 'GraylaneWarning' });
  const isChecking = options.checkGlobals ?? environment['NODE_ENV'] !== 'production';
  const router = new VersionRouter(options, isChecking ? new GlobalsCheck(options.onSharedGlobal ?? ((shared) => warn(sharedText(shared)))) : null);
  const stop = await followSource(options.strategy, environment, {
    service: options.service, counts: router.counted,
    get generation() { return router.generation; },
    strategy: (snapshot, generation) => router.use(snapshot, generation),
    failed: options.onError ?? ((error) => warn(`the strategy in force stays: ${error instanceof Failure ? error.problems.map(problemText).join('\n') : error.message}`)),
  });
  return {
    listener: (req, res) => router.listen(req, res),
    fetch: (request, ...rest) => router.fetch(request, rest),
    get generation() { return router.generation; },
    counts: () => router.counts(),
    close: stop,
  };
}

/** Loads a version's module, so that what it changes of the globals on the way is known, too. */
export async function loadVersion<T>(version: string, load: () => Promise<T>): Promise<T> {
  return await loading.around(version, load);
}

/** Versions are loaded before there is a router that could be asked. */
const loading = new GlobalsCheck((shared) => process.emitWarning(sharedText(shared), { type: 'GraylaneWarning' }));

function sharedText({ name, versions }: SharedGlobal): string {
  return `${name} is changed by ${versions.join(' and ')}: in one process they share it. Keep it in the module, or run the versions as processes of their own (graylane up)`;
}

class VersionRouter {
  readonly #service: string;
  readonly #callables: ReadonlyMap<string, Callable>;
  readonly #check: GlobalsCheck | null;
  readonly #random: () => number;
  readonly #now: () => number;
  readonly #counts = new Map<string, number>();
  /** For a control plane, where one is followed. */
  readonly counted: ModuleCounts = new ModuleCounts(() => performance.now());
  /** Replaced whole; a request keeps the one it started with. */
  #current: Kept | null = null;

  constructor({ service, versions, random, now }: RouterOptions, check: GlobalsCheck | null) {
    this.#service = service;
    this.#check = check;
    this.#random = random ?? Math.random;
    this.#now = now ?? Date.now;
    this.#callables = new Map(Object.entries(versions).map(([version, handler]) => [version, callable(version, handler)]));
    if (new Set([...this.#callables.values()].map(({ kind }) => kind)).size > 1) throw new TypeError('some versions are for Node and some for fetch: give all in one kind');
  }

  get generation(): number {
    return this.#current?.router.generation ?? 0;
  }

  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  use(snapshot: Snapshot, numbered: number | null): void {
    const names = snapshot.services.map(({ name }) => name);
    if (!names.includes(this.#service)) throw new TypeError(`the strategy has no service ${this.#service}: it has ${names.join(', ')}`);
    const generation = numbered ?? this.generation + 1;
    const router = loadRouter(snapshot, { generation, random: this.#random, now: this.#now });
    const stable = router.version(this.#service, null);
    if (!this.#callables.has(stable)) throw new TypeError(`the stable version ${stable} of ${this.#service} has no handler: there are ${[...this.#callables.keys()].join(', ')}`);
    this.#current = { router, drawn: drawnReleases(snapshot) };
  }

  listen(req: IncomingMessage, res: ServerResponse): void {
    const { method = 'GET', url = '/', rawHeaders, socket } = req;
    const route = this.#route({ method, target: url, rawHeaders, address: socket.remoteAddress });
    if (route === null) {
      res.writeHead(503, { 'Content-Type': 'text/plain', 'Retry-After': '1' }).end('no handler of this version is here\n');
      return;
    }
    const { called, version, router, decision } = route;
    this.counted.answer(req, res, route);
    if (called.kind !== 'node') throw new TypeError(`version ${version} speaks fetch: call router.fetch`);
    const marks = this.#marks(router, decision, version, 'encrypted' in socket && socket.encrypted === true);
    if (marks !== null) markNodeResponse(res, marks, { method, authorized: req.headers.authorization !== undefined });
    const run = (): unknown => called.call(req, res);
    const result = this.#check === null ? run() : this.#check.around(version, run);
    // A listener that rejects has no other end for its client.
    if (result instanceof Promise) result.catch((error: unknown) => res.destroy(error instanceof Error ? error : new Error(String(error))));
  }

  async fetch(request: Request, rest: readonly unknown[]): Promise<Response> {
    const { pathname, search, host, protocol } = new URL(request.url);
    const rawHeaders = [...request.headers].flat();
    if (!request.headers.has('host')) rawHeaders.push('host', host);
    const route = this.#route({ method: request.method, target: pathname + search, rawHeaders, address: undefined });
    if (route === null) return new Response('no handler of this version is here\n', { status: 503, headers: { 'retry-after': '1' } });
    const { called, version, router, decision } = route;
    if (called.kind !== 'fetch') throw new TypeError(`version ${version} is a Node listener: use router.listener`);
    const marks = this.#marks(router, decision, version, protocol === 'https:');
    const ended = this.counted.fetched(request.method, route);
    const run = async (): Promise<Response> => await called.call(request, ...rest);
    let response: Response;
    try {
      response = await (this.#check === null ? run() : this.#check.around(version, run));
    } catch (error) {
      ended(0);
      throw error;
    }
    ended(response.status);
    return marks === null ? response : markFetchResponse(response, marks, { method: request.method, authorized: request.headers.has('authorization') });
  }

  /** Null where the release wants an error rather than stable. */
  #route({ method, target, rawHeaders, address }: { readonly method: string; readonly target: string; readonly rawHeaders: readonly string[]; readonly address: string | undefined }): Routed | null {
    if (this.#current === null) throw new Error('a router without a strategy');
    const { router, drawn } = this.#current;
    const decision = router.decide({ method, target, rawHeaders: [...rawHeaders], ...(address === undefined ? {} : { address }) });
    const wanted = router.version(this.#service, decision.lane);
    const isError = decision.lane !== null && router.lane(decision.lane)?.onUnavailable === 'error';
    const version = this.#callables.has(wanted) || isError ? wanted : router.version(this.#service, null);
    const called = this.#callables.get(version);
    if (called === undefined) return null;
    this.#counts.set(version, (this.#counts.get(version) ?? 0) + 1);
    return { called, version, router, decision, drawn };
  }

  #marks(router: Router, { lane, mint }: Decision, version: string, secure: boolean): Marks | null {
    const facts = lane === null ? null : router.lane(lane);
    const cache = facts?.cache ?? 'off';
    if (!router.exposeRoute && !router.serverTiming && mint === null && cache === 'off') return null;
    const { generation } = router;
    return {
      route: router.exposeRoute ? routeField(this.#service, version, lane, generation) : null,
      timing: router.serverTiming ? timingField(this.#service, version, lane, generation) : null,
      mint, cache, secure,
      vary: facts?.vary ?? [],
    };
  }
}

interface Kept {
  readonly router: Router;
  readonly drawn: ReadonlySet<string>;
}

interface Routed extends Counted {
  readonly called: Callable;
}
