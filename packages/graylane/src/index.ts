// What a config file imports. Nothing here starts anything.

import type { StrategyDocument } from '@graylane/rules';
import type { GatewaySection } from './config/gateway/types.ts';

export type { ClauseSpec, Matcher, ReleaseSpec, ServiceSpec, StrategyDocument, VersionSpec } from '@graylane/rules';

export type { GatewaySection, ListenerSpec, MirrorSpec } from './config/gateway/types.ts';

/** A config file: the strategy, and how `graylane gateway` runs it. */
export type Config = StrategyDocument & { readonly gateway?: GatewaySection };

/** Gives a config file its types; returns it as it is. */
export function defineConfig(config: Config): Config {
  return config;
}
