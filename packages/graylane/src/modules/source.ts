// Where a router's strategy comes from, and what brings it a new one: a document, a file, or a running graylane.

import { readFile, stat } from 'node:fs/promises';
import { ApiClient } from '@graylane/control';
import { compile, type Snapshot, type Strategy, type StrategyDocument } from '@graylane/rules';
import { readStrategy, checkStrategy } from '../config/strategy.ts';
import { placeOf } from '../place.ts';
import type { ModuleCounts } from './counts.ts';
import { becomeGuest } from './guest.ts';

export type StrategySource =
  | StrategyDocument
  /** JSON or YAML, read again whenever it changes. */
  | { readonly file: string }
  /** The folder of a project whose `graylane up` or `graylane gateway` runs: its strategy, live, and its verdicts hear of the requests here. */
  | { readonly project: string };

/** The router as its source sees it. */
export interface SourceListener {
  readonly service: string;
  readonly counts: ModuleCounts;
  /** Of the strategy in force; 0 before the first one. */
  readonly generation: number;
  /** `generation` is null where nobody numbers them. Throws on a strategy that the router cannot use. */
  strategy(snapshot: Snapshot, generation: number | null): void;
  /** The strategy in force stays. */
  failed(error: Error): void;
}

const LOOK_MS = 1_000;

/** Delivers the first strategy before it resolves; rejects where there is none. Returns what ends the updates. */
export async function followSource(source: StrategySource, environment: NodeJS.ProcessEnv, listener: SourceListener): Promise<() => void> {
  if ('file' in source) return await followFile(source.file, listener);
  if ('project' in source) return await followProject(source.project, environment, listener);
  listener.strategy(compile(checkStrategy(source, { runnable: false })), null);
  return () => undefined;
}

async function followFile(file: string, listener: SourceListener): Promise<() => void> {
  // Before the content: what is written in between is seen at the next look.
  let mark = await markOf(file);
  let text = await readFile(file, 'utf8');
  listener.strategy(await compiled(file), null);
  // By looking and not by events: editors, config maps and mounts replace files in ways that events miss.
  const look = async (): Promise<void> => {
    const now = await markOf(file);
    if (now === mark) return;
    mark = now;
    try {
      const next = await readFile(file, 'utf8');
      if (next === text) return;
      text = next;
      listener.strategy(await compiled(file), null);
    } catch (error) {
      listener.failed(asError(error));
    }
  };
  let timer: NodeJS.Timeout | null = null;
  // One look after the other, and none that keeps a process alive.
  const wait = (): void => {
    timer = setTimeout(() => void look().then(() => { if (timer !== null) wait(); }), LOOK_MS).unref();
  };
  wait();
  return () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
  };
}

/** Another text for other content; the same as long as the file is away. */
async function markOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(file, { bigint: true });
    return `${ino} ${size} ${mtimeNs}`;
  } catch {
    return 'away';
  }
}

async function compiled(file: string): Promise<Snapshot> {
  const strategy: Strategy = await readStrategy(file, { runnable: false });
  return compile(strategy);
}

async function followProject(project: string, environment: NodeJS.ProcessEnv, listener: SourceListener): Promise<() => void> {
  const { api, run } = placeOf(project, environment);
  // Asked once, so that a folder where nothing runs is refused at once rather than waited for.
  const { document, generation } = await new ApiClient({ socketPath: api, who: 'modules' }).strategy();
  listener.strategy(compile(checkStrategy(document, { runnable: false })), generation);
  return await becomeGuest({
    service: listener.service, runFolder: run, counts: listener.counts,
    generation: () => listener.generation,
    publish: (message) => {
      try {
        listener.strategy(message.snapshot, message.generation);
      } catch (error) {
        listener.failed(asError(error));
      }
    },
  });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
