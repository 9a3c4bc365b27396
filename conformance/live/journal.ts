// What each generation is and when it was current, and whether one answer is what its generation prescribes. It does no I/O.

import type { Document, WireRequest } from '../evaluator/document.ts';
import { lanesOf, versionOf } from '../evaluator/evaluate.ts';
import type { Answer } from './answer-reader.ts';

interface Generation {
  readonly document: Document;
  /** When its publication was asked for: no answer before that can name it. */
  readonly askedAt: number;
  /** When the command that published its successor was answered; Infinity while it is the newest. */
  replacedAt: number;
}

export type Verdict =
  | { readonly kind: 'wrong'; readonly fault: string }
  /** `lagMs`: how long after its replacement was confirmed the generation still decided a request. */
  | { readonly kind: 'right'; readonly generation: number; readonly lane: string | null; readonly lagMs: number };

const ROUTE = /\r\ngraylane-route: ([^\r]*)\r\n/i;
const MINTED = /\r\nset-cookie: graylane-id=([0-9a-z]+)/i;

export class Journal {
  readonly #service: string;
  readonly #generations = new Map<number, Generation>();
  #newest = -1;

  constructor(service: string) {
    this.#service = service;
  }

  /** A publication was confirmed. Throws unless the numbers rise. */
  published(number: number, document: Document, askedAt: number, answeredAt: number): void {
    if (number <= this.#newest) throw new Error(`generation ${number} after ${this.#newest}`);
    const previous = this.#generations.get(this.#newest);
    if (previous !== undefined) previous.replacedAt = answeredAt;
    this.#generations.set(number, { document, askedAt, replacedAt: Infinity });
    this.#newest = number;
  }

  /** Null while the generation that the answer names is not confirmed yet. */
  judge(request: WireRequest, sentAt: number, answer: Answer): Verdict | null {
    const wrong = (fault: string): Verdict => ({ kind: 'wrong', fault: `${fault}: ${request.method} ${request.target} ${JSON.stringify(request.headers)} → ${JSON.stringify(answer)}` });
    if (answer.status !== 200) return wrong(`status ${answer.status}`);
    const route = parseRoute(ROUTE.exec(answer.head)?.[1]);
    if (route === null) return wrong('no Graylane-Route');
    const generation = this.#generations.get(route.generation);
    if (generation === undefined) return route.generation > this.#newest ? null : wrong(`generation ${route.generation} was never published`);
    if (answer.firstByteAt < generation.askedAt) return wrong(`generation ${route.generation} was asked for later`);
    const allowed = lanesOf(generation.document, request, MINTED.exec(answer.head)?.[1] ?? null);
    if (!allowed.includes(route.lane)) return wrong(`lane ${route.lane ?? 'stable'}, allowed ${JSON.stringify(allowed)}`);
    const version = versionOf(generation.document, this.#service, route.lane);
    if (route.version !== version) return wrong(`version ${route.version}, prescribed ${version}`);
    const { build } = JSON.parse(answer.body) as { build: string };
    if (build !== version) return wrong(`served by build ${build}, prescribed ${version}`);
    return { kind: 'right', generation: route.generation, lane: route.lane, lagMs: Math.max(0, sentAt - generation.replacedAt) };
  }
}

interface Route { readonly version: string; readonly lane: string | null; readonly generation: number }

/** The dictionary `service=…, version=…, lane=…, gen=…`; stable has no lane. */
export function parseRoute(text: string | undefined): Route | null {
  if (text === undefined) return null;
  const members = new Map(text.split(', ').map((member): [string, string] => {
    const equals = member.indexOf('=');
    return [member.slice(0, equals), member.slice(equals + 1).replace(/^"(.*)"$/, '$1')];
  }));
  const version = members.get('version');
  const generation = Number(members.get('gen') ?? NaN);
  if (version === undefined || !Number.isInteger(generation)) return null;
  return { version, lane: members.get('lane') || null, generation };
}
