// Files each clause under its anchor, so that deciding visits only the clauses that a request's values lead to.

import { anchorKeys } from './anchors.ts';
import type { ClausePlan } from './program.ts';
import type { Words } from './words.ts';

interface Drawer {
  readonly exact: Map<string, number[]>;
  readonly prefix: Map<string, number[]>;
  readonly suffix: Map<string, number[]>;
  readonly present: number[];
}

export interface Filed {
  /** Words of all drawers, one after the other. */
  readonly drawers: readonly number[];
  readonly count: number;
  /** The clauses that have nothing to be filed under. */
  readonly always: number;
}

export function packDrawers(clauses: readonly ClausePlan[], words: Words): Filed {
  const drawers = new Map<number, Drawer>();
  const always: number[] = [];
  clauses.forEach(({ anchor, conditions }, rank) => {
    const condition = conditions[anchor];
    const keys = condition === undefined ? null : anchorKeys(condition.test);
    if (condition === undefined || keys === null) always.push(rank);
    else for (const key of keys) file(drawerOf(drawers, condition.field), key, rank);
  });
  return {
    drawers: [...drawers].flatMap(([field, { exact, prefix, suffix, present }]) => [
      field,
      exact.size === 0 ? 0 : words.table([...exact].map(([text, ranks]) => [text, words.ref(ranks)]), exact.size),
      prefix.size === 0 ? 0 : words.trie(prefix, false),
      suffix.size === 0 ? 0 : words.trie(suffix, true),
      words.ref(present),
    ]),
    count: drawers.size,
    always: words.ref(always),
  };
}

function drawerOf(drawers: Map<number, Drawer>, field: number): Drawer {
  let drawer = drawers.get(field);
  if (drawer === undefined) drawers.set(field, drawer = { exact: new Map(), prefix: new Map(), suffix: new Map(), present: [] });
  return drawer;
}

function file(drawer: Drawer, key: NonNullable<ReturnType<typeof anchorKeys>>[number], rank: number): void {
  if (key.kind === 'present') {
    drawer.present.push(rank);
    return;
  }
  const ranks = drawer[key.kind].get(key.text);
  if (ranks === undefined) drawer[key.kind].set(key.text, [rank]);
  else ranks.push(rank);
}
