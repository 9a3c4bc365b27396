// Changes of a document as an event keeps them: places and small values. It must not decide what changed.

import type { Change } from './changes.ts';

/** An event is one line with its evidence, not a copy of the document: those are kept as revisions. */
const CHANGES_LIMIT = 20;
const VALUE_LIMIT_CHARACTERS = 1_000;

export function briefly(changes: readonly Change[]): readonly Change[] {
  return changes.slice(0, CHANGES_LIMIT).map(({ before, after, ...place }) => ({
    ...place,
    ...(before === undefined ? {} : { before: shortened(before) }),
    ...(after === undefined ? {} : { after: shortened(after) }),
  }));
}

function shortened(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text.length <= VALUE_LIMIT_CHARACTERS ? value : `${text.slice(0, 100)}… (${text.length} characters; see the revisions)`;
}
