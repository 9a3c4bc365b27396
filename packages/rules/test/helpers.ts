// What the tests of this package share: a strategy that must be good, a request as people write it.

import assert from 'node:assert/strict';

import type { RequestFields, Router, RouterOptions, Strategy } from '../src/index.ts';
import { compile, loadRouter, parseStrategy, toBytes } from '../src/index.ts';
import { seeded } from '../../../tools/seeded.ts';

export interface WrittenRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

export function strategyOf(document: unknown): Strategy {
  const parsed = parseStrategy(document);
  assert.ok(parsed.ok, parsed.ok ? '' : JSON.stringify(parsed.errors, null, 2));
  return parsed.strategy;
}

export function routerOf(document: unknown, options: Partial<RouterOptions> = {}): Router {
  // Through JSON, as it travels to data planes.
  const snapshot = JSON.parse(JSON.stringify(compile(strategyOf(document)))) as ReturnType<typeof compile>;
  return loadRouter(snapshot, { generation: 1, random: seeded(1), ...options });
}

export function requestOf({ method = 'GET', path = '/', headers = {} }: WrittenRequest): RequestFields {
  const rawHeaders = Object.entries(headers).flatMap(([name, value]) => [value].flat().flatMap((line) => [name, toBytes(line)]));
  return { method, target: path, rawHeaders };
}
