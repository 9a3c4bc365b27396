// The running control plane, as commands use it.

import { userInfo } from 'node:os';
import { ApiClient } from '@graylane/control';
import type { Strategy, StrategyDocument } from '@graylane/rules';
import { checkStrategy } from '../config/strategy.ts';
import type { Context } from './context.ts';
import { locateApi } from './locate.ts';

/** Throws Failure (exit code 5) when nothing runs. */
export async function liveClient(context: Context): Promise<ApiClient> {
  return new ApiClient({ socketPath: await locateApi(context), who: `cli ${userInfo().username}` });
}

export interface LiveStrategy {
  readonly strategy: Strategy;
  readonly document: StrategyDocument;
  readonly generation: number;
  readonly revision: number;
}

export async function liveStrategy(context: Context): Promise<LiveStrategy> {
  const { document, generation, revision } = await (await liveClient(context)).strategy();
  const strategy = checkStrategy(document, { runnable: false });
  return { strategy, document: strategy.document, generation, revision };
}
