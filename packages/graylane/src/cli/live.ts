// The running control plane, as commands use it.

import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { ApiClient, type ApiServer } from '@graylane/control';
import type { Strategy, StrategyDocument } from '@graylane/rules';
import { checkStrategy } from '../config/strategy.ts';
import { exit, Failure } from '../print/failure.ts';
import type { Context } from './context.ts';
import { locateApi } from './locate.ts';

/** Throws Failure (exit code 5) when nothing runs. */
export async function liveClient(context: Context): Promise<ApiClient> {
  const who = `cli ${userInfo().username}`;
  const server = serverFrom(context);
  return server === null ? new ApiClient({ socketPath: await locateApi(context), who }) : new ApiClient({ socketPath: '', server, who });
}

/** The server that every command means, or null where they mean this machine. Throws Failure when the token is missing. */
function serverFrom({ environment }: Context): ApiServer | null {
  const url = environment['GRAYLANE_SERVER'];
  if (url === undefined || url === '') return null;
  const [tokenFile, caFile] = [environment['GRAYLANE_TOKEN_FILE'], environment['GRAYLANE_SERVER_CA']];
  if (tokenFile === undefined) throw new Failure({ code: 'GL0087', message: `GRAYLANE_SERVER names ${url}, but there is no token for it`, fix: 'put one into a file, and its path into GRAYLANE_TOKEN_FILE' }, exit.usage);
  try {
    return { url, token: readFileSync(tokenFile, 'utf8').trim(), ...(caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') }) };
  } catch (error) {
    throw new Failure({ code: 'GL0002', message: error instanceof Error ? error.message : String(error) }, exit.usage, error);
  }
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
