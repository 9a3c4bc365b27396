// Where a router's strategy comes from, and what brings it a new one: a document, a file, or a running graylane.

import { readFile } from 'node:fs/promises';
import { watchFile, unwatchFile } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiClient } from '@graylane/control';
import type { Strategy, StrategyDocument } from '@graylane/rules';
import { readStrategy, checkStrategy } from '../config/strategy.ts';
import { placeOf } from '../place.ts';

export type StrategySource =
  | StrategyDocument
  /** JSON or YAML, read again whenever it changes. */
  | { readonly file: string }
  /** The folder of a project whose `graylane up` or `graylane gateway` runs: its strategy, live. */
  | { readonly project: string };

export interface SourceListener {
  /** `generation` is null where nobody numbers them. */
  strategy(strategy: Strategy, generation: number | null): void;
  /** The strategy in force stays. */
  failed(error: Error): void;
}

const LOOK_MS = 1_000;
const RETRY_MS = 1_000;

/** Delivers the first strategy before it resolves; rejects where there is none. Returns what ends the updates. */
export async function followSource(source: StrategySource, environment: NodeJS.ProcessEnv, listener: SourceListener): Promise<() => void> {
  if ('file' in source) return await followFile(source.file, listener);
  if ('project' in source) return await followProject(source.project, environment, listener);
  listener.strategy(checkStrategy(source, { runnable: false }), null);
  return () => undefined;
}

async function followFile(file: string, listener: SourceListener): Promise<() => void> {
  let text = await readFile(file, 'utf8');
  listener.strategy(await readStrategy(file, { runnable: false }), null);
  // By its content and not by events: editors, config maps and mounts replace files in ways that events miss.
  const look = async (): Promise<void> => {
    try {
      const next = await readFile(file, 'utf8');
      if (next === text) return;
      text = next;
      listener.strategy(await readStrategy(file, { runnable: false }), null);
    } catch (error) {
      listener.failed(asError(error));
    }
  };
  const onLook = (): void => void look();
  watchFile(file, { interval: LOOK_MS, persistent: false }, onLook);
  return () => unwatchFile(file, onLook);
}

async function followProject(project: string, environment: NodeJS.ProcessEnv, listener: SourceListener): Promise<() => void> {
  const client = new ApiClient({ socketPath: placeOf(project, environment).api, who: 'modules' });
  const abort = new AbortController();
  let seen = -1;
  const renew = async (): Promise<void> => {
    const { document, generation } = await client.strategy();
    if (generation === seen) return;
    seen = generation;
    listener.strategy(checkStrategy(document, { runnable: false }), generation);
  };
  await renew();
  const isOver = (): boolean => abort.signal.aborted;
  void (async () => {
    for (;;) {
      try {
        await renew();
        const events = client.watch(abort.signal);
        while ((await events.next()).done !== true) await renew();
      } catch (error) {
        if (isOver()) return;
        listener.failed(asError(error));
      }
      // Without its control plane it goes on under its last strategy.
      await delay(RETRY_MS, undefined, { signal: abort.signal, ref: false }).catch(() => undefined);
      if (isOver()) return;
    }
  })();
  return () => abort.abort();
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
