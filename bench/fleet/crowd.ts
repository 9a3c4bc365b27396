// Data planes by the hundred, in some processes beside the server's: what is measured is the server, not who asks it.

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface CrowdPlan {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
  readonly nodes: number;
  readonly processes: number;
}

export type CrowdOrder =
  | { readonly kind: 'join'; readonly url: string; readonly ca: string; readonly token: string; readonly from: number; readonly count: number }
  | { readonly kind: 'leave' };

export type CrowdWord =
  | { readonly kind: 'joined' }
  | { readonly kind: 'begun'; readonly generation: number; readonly moments: readonly number[]; readonly delta: number; readonly whole: number; readonly cpuMs: number }
  | { readonly kind: 'lost'; readonly why: string };

export interface Crowd {
  /** Resolves when every one has begun with `generation`; the moments, in milliseconds of the host's monotonic clock. */
  begun(generation: number): Promise<readonly number[]>;
  /** Characters of the last difference, and of the last whole strategy, as they came. */
  deltaBytes(): number;
  wholeBytes(): number;
  /** Processor time of all its processes so far. */
  cpuMs(): number;
  stop(): Promise<void>;
}

/** Rejects when one of them could not join. */
export async function startCrowd({ url, ca, token, nodes, processes }: CrowdPlan): Promise<Crowd> {
  const children = Array.from({ length: processes }, () => fork(join(import.meta.dirname, 'crowd-process.ts')));
  const gathered = gather(children);
  const stop = async (): Promise<void> => {
    await Promise.all(children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null).map(async (child) => {
      const ended = once(child, 'exit');
      child.send({ kind: 'leave' } satisfies CrowdOrder);
      await ended;
    }));
  };
  const share = Math.ceil(nodes / processes);
  try {
    await Promise.all(children.map((child, index) => joined(child, { kind: 'join', url, ca, token, from: index * share, count: Math.min(share, nodes - index * share) })));
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...gathered, stop };
}

function joined(child: ChildProcess, order: CrowdOrder): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('message', (word: CrowdWord) => {
      if (word.kind === 'joined') resolve();
      else if (word.kind === 'lost') reject(new Error(word.why));
    });
    child.once('exit', (code) => reject(new Error(`a process of the crowd ended with ${code ?? 'a signal'}`)));
    child.send(order);
  });
}

type Begun = Extract<CrowdWord, { readonly kind: 'begun' }>;

function gather(children: readonly ChildProcess[]): Omit<Crowd, 'stop'> {
  const words = new Map<number, Begun[]>();
  const newest = new Map<ChildProcess, Begun>();
  let look = (): void => undefined;
  for (const child of children) {
    child.on('message', (word: CrowdWord) => {
      if (word.kind !== 'begun') return;
      newest.set(child, word);
      words.set(word.generation, [...(words.get(word.generation) ?? []), word]);
      look();
    });
  }
  const last = (): Begun | undefined => [...newest.values()].at(-1);
  return {
    begun: (generation) => new Promise((resolve) => {
      look = (): void => {
        const all = words.get(generation) ?? [];
        if (all.length < children.length) return;
        words.delete(generation);
        resolve(all.flatMap(({ moments }) => moments));
      };
      look();
    }),
    deltaBytes: () => last()?.delta ?? 0, wholeBytes: () => last()?.whole ?? 0,
    cpuMs: () => [...newest.values()].reduce((sum, { cpuMs }) => sum + cpuMs, 0),
  };
}
