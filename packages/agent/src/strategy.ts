// The strategy in force in this process. Replacing it is one assignment; a request keeps the one it started with.

import { readFileSync } from 'node:fs';
import { loadRouter, type Decision, type RequestFields, type Router } from '@graylane/rules';
import { drawnReleases, type StrategyMessage } from '@graylane/wire';
import type { Counts } from './counts.ts';

/** One published strategy as this worker sees it. */
export interface Published {
  readonly router: Router;
  /** The version of this service that serves everyone who is not selected. */
  readonly stable: string;
  /** Releases whose arms are counted (wire, drawnReleases); null without any release: nothing is counted then. */
  readonly drawn: ReadonlySet<string> | null;
}

/** What a decision means in this process. */
export interface Route {
  readonly published: Published;
  readonly decision: Decision;
  readonly version: string;
  /** This process serves the request, and nothing has to be said about it. */
  readonly plain: boolean;
}

/** What routing reads of a request. One object for all: deciding is synchronous and keeps none of it. */
class Fields implements RequestFields {
  method = '';
  target = '';
  rawHeaders: readonly string[] = [];
}

export interface Asker {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly rawHeaders: readonly string[];
}

export class Strategy {
  readonly #service: string;
  readonly #own: string;
  readonly #counts: Counts;
  readonly #random: () => number;
  readonly #now: () => number;
  readonly #fields = new Fields();
  #current: Published | null = null;
  /** Requests come in runs of one kind. */
  #last: Route | null = null;

  constructor(options: { readonly service: string; readonly version: string; readonly counts: Counts; readonly random: () => number; readonly now: () => number }) {
    this.#service = options.service;
    this.#own = options.version;
    this.#counts = options.counts;
    this.#random = options.random;
    this.#now = options.now;
  }

  get current(): Published | null {
    return this.#current;
  }

  /** 0 before the first one. */
  get generation(): number {
    return this.#current?.router.generation ?? 0;
  }

  /** Throws on a snapshot that cannot be loaded; the one in force stays. An older generation is ignored. */
  publish(message: StrategyMessage): void {
    if (message.generation < this.generation) return;
    const router = loadRouter(message.snapshot, { generation: message.generation, random: this.#random, now: this.#now });
    const drawn = message.snapshot.releases.length === 0 ? null : drawnReleases(message.snapshot);
    this.#current = { router, stable: router.version(this.#service, null), drawn };
  }

  /** Null without a strategy. */
  decide(request: Asker): Route | null {
    const published = this.#current;
    if (published === null) return null;
    const fields = this.#fields;
    fields.method = request.method ?? '';
    fields.target = request.url ?? '';
    fields.rawHeaders = request.rawHeaders;
    const { router } = published;
    const decision = router.decide(fields);
    this.#counts.add(decision, router.generation);
    const last = this.#last;
    if (last !== null && last.decision === decision && last.published === published) return last;
    const route = this.#routeOf(published, decision);
    this.#last = route;
    return route;
  }

  #routeOf(published: Published, decision: Decision): Route {
    const { router, stable } = published;
    const version = decision.lane === null ? stable : router.version(this.#service, decision.lane);
    const plain = version === this.#own && decision.lane === null && decision.mint === null && !router.exposeRoute && !router.serverTiming;
    return { published, decision, version, plain };
  }
}

/** The newest published strategy, for a start without a supervisor. Null when there is none. */
export function readSnapshot(path: string): StrategyMessage | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return null;
  }
  const value: unknown = JSON.parse(text);
  if (!isStrategyMessage(value)) throw new TypeError(`${path} is not a published strategy`);
  return value;
}

function isStrategyMessage(value: unknown): value is StrategyMessage {
  return typeof value === 'object' && value !== null
    && 'generation' in value && typeof value.generation === 'number'
    && 'snapshot' in value && typeof value.snapshot === 'object' && value.snapshot !== null;
}
