// What a config file imports. Nothing here starts anything.

import type { StrategyDocument } from '@graylane/rules';

export type { ClauseSpec, Matcher, ReleaseSpec, ServiceSpec, StrategyDocument, VersionSpec } from '@graylane/rules';

/** Gives a config file its types; returns the document as it is. */
export function defineConfig(document: StrategyDocument): StrategyDocument {
  return document;
}
