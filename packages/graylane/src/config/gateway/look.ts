// Reads unknown values key by key and collects every fault with its place. It knows nothing of gateways.

import { durationMs, sizeBytes } from '@graylane/rules';
import type { Place, Problem } from '../../print/failure.ts';

export type PlaceOf = (pointer: string) => Place;

/** One value and where it stands. */
export class Look {
  readonly value: unknown;
  readonly pointer: string;
  readonly #problems: Problem[];
  readonly #place: PlaceOf;

  constructor(value: unknown, pointer: string, problems: Problem[], place: PlaceOf) {
    this.value = value;
    this.pointer = pointer;
    this.#problems = problems;
    this.#place = place;
  }

  get isMissing(): boolean {
    return this.value === undefined;
  }

  fail(message: string, fix: string, code: string = 'GL0082'): void {
    this.#problems.push({ code, message, place: this.#place(this.pointer), fix });
  }

  /** The members of an object, each missing one included; unknown keys are faults. */
  keys<K extends string>(noun: string, known: readonly K[]): Readonly<Record<K, Look>> {
    const { value } = this;
    const plain = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
    if (plain === null && !this.isMissing) this.fail(`${noun} is ${kindOf(value)}`, `write an object with: ${known.join(', ')}`);
    for (const name of Object.keys(plain ?? {})) {
      if (known.some((key) => key === name)) continue;
      this.at(name).fail(`\`${name.slice(0, 60)}\` is not a key of ${noun}`, nearest(name, known) ?? `remove it; known here: ${known.join(', ')}`);
    }
    return Object.fromEntries(known.map((key) => [key, this.at(key)])) as Record<K, Look>;
  }

  /** The members of an object whose keys are names. */
  entries(noun: string): readonly (readonly [string, Look])[] {
    const { value } = this;
    if (this.isMissing) return [];
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.fail(`${noun} is ${kindOf(value)}`, 'write an object');
      return [];
    }
    return Object.keys(value).map((name) => [name, this.at(name)] as const);
  }

  list(noun: string, limit: number): readonly Look[] {
    const { value } = this;
    if (this.isMissing) return [];
    if (!Array.isArray(value)) {
      this.fail(`${noun} is ${kindOf(value)}`, 'write a list');
      return [];
    }
    if (value.length > limit) this.fail(`${value.length} ${noun} are more than ${limit}`, 'leave some out');
    return value.slice(0, limit).map((_, i) => this.at(i));
  }

  text(what: string): string | undefined {
    if (this.isMissing) return undefined;
    if (typeof this.value === 'string' && this.value !== '') return this.value;
    this.fail(`${what} is ${kindOf(this.value)}`, 'write a text');
    return undefined;
  }

  truth(what: string): boolean | undefined {
    if (this.isMissing || typeof this.value === 'boolean') return this.value as boolean | undefined;
    this.fail(`${what} is ${kindOf(this.value)}`, 'write true or false');
    return undefined;
  }

  whole(what: string, least: number, most: number): number | undefined {
    if (this.isMissing) return undefined;
    if (typeof this.value === 'number' && Number.isInteger(this.value) && this.value >= least && this.value <= most) return this.value;
    this.fail(`${what} is ${kindOf(this.value)}`, `write a whole number from ${least} to ${most}`);
    return undefined;
  }

  percent(what: string): number | undefined {
    if (this.isMissing) return undefined;
    if (typeof this.value === 'number' && this.value >= 0 && this.value <= 100) return this.value;
    this.fail(`${what} is ${kindOf(this.value)}`, 'write a number from 0 to 100');
    return undefined;
  }

  duration(what: string): number | undefined {
    if (this.isMissing) return undefined;
    const ms = typeof this.value === 'number' || typeof this.value === 'string' ? durationMs(this.value) : null;
    if (ms === null) this.fail(`${what} is ${kindOf(this.value)}`, "write a duration: 500 (milliseconds), '10s', '5m'");
    return ms ?? undefined;
  }

  bytes(what: string): number | undefined {
    if (this.isMissing) return undefined;
    const size = typeof this.value === 'number' || typeof this.value === 'string' ? sizeBytes(this.value) : null;
    if (size === null) this.fail(`${what} is ${kindOf(this.value)}`, "write a size: 16384 (bytes), '16KB'");
    return size ?? undefined;
  }

  oneOf<T extends string>(what: string, allowed: readonly T[]): T | undefined {
    if (this.isMissing) return undefined;
    const found = allowed.find((one) => one === this.value);
    if (found === undefined) this.fail(`${what} is ${kindOf(this.value)}`, `write one of: ${allowed.join(', ')}`);
    return found;
  }

  at(key: string | number): Look {
    const value = typeof this.value === 'object' && this.value !== null && Object.hasOwn(this.value, key) ? Reflect.get(this.value, key) as unknown : undefined;
    return new Look(value, `${this.pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`, this.#problems, this.#place);
  }
}

/** Without the keys that nobody gave. */
export function given<T extends object>(values: { readonly [K in keyof T]: T[K] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : (JSON.stringify(value) as string | undefined)?.slice(0, 60) ?? typeof value;
}

function nearest(name: string, known: readonly string[]): string | null {
  const lower = name.toLowerCase();
  const found = known.find((key) => key.toLowerCase() === lower) ?? known.find((key) => key.startsWith(lower.slice(0, 3)));
  return found === undefined ? null : `did you mean \`${found}\`?`;
}
