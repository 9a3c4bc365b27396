// Numbers whatever the rules read of a request, each thing once; a tag taken from one header *is* that header.

import type { StrategyDocument, TagSource } from '../document/types.ts';
import { toBytes } from '../language/utf8.ts';
import type { FieldPlan, SourcePlan } from './snapshot.ts';
import { USER_AGENT_RULES } from './user-agent.ts';

/** The cookie that carries the anonymous id. */
export const ANONYMOUS_COOKIE = 'graylane-id';

export class FieldTable {
  readonly plans: FieldPlan[] = [];
  readonly #tags: ReadonlyMap<string, readonly TagSource[]>;
  readonly #places = new Map<string, number>();

  constructor(document: StrategyDocument) {
    this.#tags = new Map(Object.entries(document.tags ?? {}).map(([name, sources]) => [name, isList(sources) ? sources : [sources]]));
  }

  header(name: string): number {
    return this.#place({ kind: 'header', name: name.toLowerCase() });
  }

  cookie(name: string): number {
    return this.#place({ kind: 'cookie', name: toBytes(name) });
  }

  query(name: string): number {
    return this.#place({ kind: 'query', name: toBytes(name) });
  }

  whole(kind: 'path' | 'method' | 'host'): number {
    return this.#place({ kind });
  }

  /** An unknown tag is a field that no request has; the analyzer reports it. */
  tag(name: string): number {
    const sources = this.#tags.get(name) ?? [];
    const [only] = sources;
    const direct = sources.length === 1 && only !== undefined ? this.#direct(only) : null;
    return direct ?? this.#place({ kind: 'tag', name, sources: sources.map((source) => this.#source(source)) });
  }

  #direct(source: TagSource): number | null {
    if (source.header !== undefined) return this.header(source.header);
    if (source.cookie !== undefined) return this.cookie(source.cookie);
    return source.query === undefined ? null : this.query(source.query);
  }

  #source(source: TagSource): SourcePlan {
    const direct = this.#direct(source);
    if (direct !== null) return { kind: 'field', field: direct };
    if (source.userAgent !== undefined) return { kind: 'userAgent', part: source.userAgent, quoted: source.userAgent === 'os' ? 'sec-ch-ua-platform' : null, rules: USER_AGENT_RULES[source.userAgent] };
    if (source.jwt === undefined) return { kind: 'ip' };
    const { claim, header, cookie } = source.jwt;
    return { kind: 'jwt', claim, header: header?.toLowerCase() ?? (cookie === undefined ? 'authorization' : null), cookie: cookie === undefined ? null : toBytes(cookie) };
  }

  #place(plan: FieldPlan): number {
    const key = JSON.stringify([plan.kind, 'name' in plan ? plan.name : '']);
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    this.#places.set(key, this.plans.length);
    this.plans.push(plan);
    return this.plans.length - 1;
  }
}

function isList(sources: TagSource | readonly TagSource[]): sources is readonly TagSource[] {
  return Array.isArray(sources);
}
