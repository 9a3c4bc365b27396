// What changes for requests between two strategies: one region per lane before and lane after, each with a request to show for it.

import { compile, program } from '../compile/compile.ts';
import { pack } from '../compile/pack.ts';
import type { RequestFields } from '../contract.ts';
import type { Strategy } from '../document/strategy.ts';
import { CompiledRouter } from '../route/router.ts';
import type { Box } from './box.ts';
import { BoxIndex } from './box-index.ts';
import { EVERYTHING, intersectBoxes } from './box.ts';
import { Budget, coverAll } from './cover.ts';
import type { Witness } from './finding.ts';
import { joinPrograms } from './joint.ts';
import { Model } from './model.ts';
import type { Sketch } from './witness.ts';
import { sketch } from './witness.ts';

export interface ServiceChange {
  readonly service: string;
  /** Null where the service does not exist. */
  readonly before: string | null;
  readonly after: string | null;
}

export interface Change {
  /** Null is stable. */
  readonly before: string | null;
  readonly after: string | null;
  readonly services: readonly ServiceChange[];
  /** `lane` is the lane after. Null where nobody can send such a request. */
  readonly witness: Witness | null;
}

export interface Difference {
  readonly changes: readonly Change[];
  /** False when the bound was hit: there may be more changes. */
  readonly complete: boolean;
}

export interface TrafficChange { readonly before: string | null; readonly after: string | null; readonly requests: number; readonly share: number }

const DEFAULT_BUDGET = 50_000_000;

export function diff(before: Strategy, after: Strategy, options: { readonly budget?: number } = {}): Difference {
  return new Comparison(before, after, new Budget(options.budget ?? DEFAULT_BUDGET)).run();
}

/** The same, counted over recorded requests: only what changes the version of some service. */
export function diffTraffic(before: Strategy, after: Strategy, requests: Iterable<RequestFields>, random: () => number): readonly TrafficChange[] {
  const counts = new Map<string, { readonly before: string | null; readonly after: string | null; requests: number }>();
  let draw = 0;
  let total = 0;
  const options = { generation: 0, random: (): number => draw };
  const [old, next] = [new CompiledRouter(compile(before), options), new CompiledRouter(compile(after), options)];
  const services = serviceNames(before, after);
  for (const request of requests) {
    // Both see the same draw: chance is no change.
    draw = random();
    total += 1;
    const [from, to] = [old.decide(request).lane, next.decide(request).lane];
    if (changesOf(old, next, services, from, to).length === 0) continue;
    const key = JSON.stringify([from, to]);
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { before: from, after: to, requests: 1 });
    else known.requests += 1;
  }
  return [...counts.values()].map((count) => ({ ...count, share: count.requests / total })).sort((a, b) => b.requests - a.requests);
}

function serviceNames(before: Strategy, after: Strategy): readonly string[] {
  return [...new Set([...Object.keys(before.document.services), ...Object.keys(after.document.services)])];
}

function changesOf(old: CompiledRouter, next: CompiledRouter, services: readonly string[], from: string | null, to: string | null): readonly ServiceChange[] {
  const version = (router: CompiledRouter, service: string, lane: string | null): string | null => (router.snapshot.services.some(({ name }) => name === service) ? router.version(service, lane) : null);
  return services.flatMap((service) => {
    const change = { service, before: version(old, service, from), after: version(next, service, to) };
    return change.before === change.after ? [] : [change];
  });
}

/** A release or stable, as a region before anybody else takes its part. */
interface Lane { readonly name: string | null; readonly boxes: readonly Box[] }

/** The lanes of one strategy in their order, stable last. */
class Side {
  readonly lanes: readonly Lane[];
  readonly #index = new BoxIndex();

  constructor(lanes: readonly Lane[]) {
    this.lanes = [...lanes, { name: null, boxes: [EVERYTHING] }];
    for (const [place, { boxes }] of this.lanes.entries()) for (const box of boxes) this.#index.add(box, place);
  }

  /** Places of the lanes that meet one of `boxes`, ascending. */
  meeting(boxes: readonly Box[]): readonly number[] {
    const found = new Set<number>();
    for (const box of boxes) this.#index.meeting(box, found);
    return [...found].sort((a, b) => a - b);
  }

  /** What lanes before `place` take of `region`. */
  takenBefore(place: number, region: readonly Box[]): readonly Box[] {
    return this.meeting(region).flatMap((other) => (other < place ? this.lanes[other]?.boxes ?? [] : []));
  }
}

class Comparison {
  readonly #model: Model;
  readonly #budget: Budget;
  readonly #old: CompiledRouter;
  readonly #next: CompiledRouter;
  readonly #services: readonly string[];
  readonly #before: Side;
  readonly #after: Side;
  #draw = 0.5;
  #at = 0;

  constructor(before: Strategy, after: Strategy, budget: Budget) {
    const [old, next] = [program(before), program(after)];
    const options = { generation: 0, random: (): number => this.#draw, now: (): number => this.#at };
    this.#old = new CompiledRouter(pack(old), options);
    this.#next = new CompiledRouter(pack(next), options);
    this.#services = serviceNames(before, after);
    this.#model = new Model(joinPrograms(old, next), [...before.document.releases ?? [], ...after.document.releases ?? []]);
    this.#budget = budget;
    this.#before = this.#side(0, old.releases.length);
    this.#after = this.#side(old.releases.length, old.releases.length + next.releases.length);
  }

  #side(from: number, to: number): Side {
    return new Side(this.#model.releases.slice(from, to).map((release) => ({ name: release.plan.name, boxes: release.clauses.flatMap((clause) => this.#model.taken(release, clause, new Map())) })));
  }

  run(): Difference {
    const changes: Change[] = [];
    let complete = !this.#model.releases.some(({ undecided }) => undecided);
    for (const [place, from] of this.#before.lanes.entries()) {
      for (const other of this.#after.meeting(from.boxes)) {
        const to = this.#after.lanes[other];
        if (to === undefined) continue;
        const services = changesOf(this.#old, this.#next, this.#services, from.name, to.name);
        if (services.length === 0) continue;
        const region = from.boxes.flatMap((box) => to.boxes.flatMap((own) => intersectBoxes(box, own) ?? []));
        const found = coverAll(region, [...this.#before.takenBefore(place, region), ...this.#after.takenBefore(other, region)], this.#model.full, this.#budget);
        if (found.kind === 'undecided') complete = false;
        if (found.kind === 'open') changes.push({ before: from.name, after: to.name, services, witness: this.#witness(found.box, from.name, to.name) });
      }
    }
    return { changes, complete };
  }

  #witness(box: Box, from: string | null, to: string | null): Witness | null {
    const drawn = sketch(this.#model, box);
    return drawn === null ? null : this.#confirmed(drawn, from, to);
  }

  #confirmed({ request, at, draws }: Sketch, from: string | null, to: string | null): Witness | null {
    this.#at = at ?? 0;
    for (const draw of draws) {
      this.#draw = draw;
      if (this.#old.decide(request).lane !== from || this.#next.decide(request).lane !== to) continue;
      const headers = request.rawHeaders.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, request.rawHeaders[i + 1] ?? '']] : []));
      return { method: request.method, target: request.target, headers, lane: to, ...(at === null ? {} : { at: new Date(at).toISOString() }) };
    }
    return null;
  }
}
