// Data planes by the hundred in one process: the real link over real TLS, without workers behind it. They answer as machines do.

import { NodeLink, systemClock, type ServerMessage } from '../../packages/control/src/index.ts';

export interface CrowdPlan {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
  readonly nodes: number;
}

export interface Crowd {
  /** Resolves when every one has begun with `generation`; the moments, in monotonic milliseconds. */
  begun(generation: number): Promise<readonly number[]>;
  /** Characters of the last difference, and of the last whole strategy, as they came. */
  deltaBytes(): number;
  wholeBytes(): number;
  stop(): Promise<void>;
}

/** So many handshakes at once: a server is joined by zones and restarts, not by one stampede. */
const AT_ONCE = 50;

export async function startCrowd({ url, ca, token, nodes }: CrowdPlan): Promise<Crowd> {
  const moments = new Map<number, number[]>();
  const waiting = new Map<number, () => void>();
  let [delta, whole] = [0, 0];
  const links: NodeLink[] = [];
  const join = (index: number): Promise<void> => new Promise((resolve) => {
    let newest = 0;
    const link: NodeLink = new NodeLink({
      servers: [url], name: `node-${index}`, labels: { zone: String(index % 3) }, forward: null, credentials: () => ({ token, ca }), boot: String(index),
      clock: systemClock, random: Math.random, generation: () => newest, onState: () => undefined,
      onMessage: (message: ServerMessage) => {
        if (message.kind === 'strategy' || message.kind === 'delta') {
          // Measured at one of them: reading a strategy a thousand times in one process would be what is measured.
          if (index === 0 && message.kind === 'delta') delta = JSON.stringify(message).length;
          if (index === 0 && message.kind === 'strategy') whole = JSON.stringify(message).length;
          link.send({ kind: 'ack', generation: message.generation });
        } else if (message.kind === 'begin') {
          newest = message.generation;
          note(moments, waiting, message.generation, nodes);
          link.send({ kind: 'begun', generation: message.generation });
          resolve();
        } else if (message.kind === 'keys') {
          link.send({ kind: 'keyed', digest: message.digest });
        } else if (message.kind === 'pools') {
          link.report({ kind: 'report', pools: [], workers: [], offers: [] });
        }
      },
    });
    links.push(link);
    link.start();
  });
  for (let from = 0; from < nodes; from += AT_ONCE) await Promise.all(Array.from({ length: Math.min(AT_ONCE, nodes - from) }, (_, n) => join(from + n)));
  return {
    begun: async (generation) => {
      if ((moments.get(generation)?.length ?? 0) < nodes) await new Promise<void>((resolve) => waiting.set(generation, resolve));
      const all = moments.get(generation) ?? [];
      moments.delete(generation);
      return all;
    },
    deltaBytes: () => delta, wholeBytes: () => whole,
    stop: () => {
      for (const link of links) link.stop();
      return Promise.resolve();
    },
  };
}

function note(moments: Map<number, number[]>, waiting: Map<number, () => void>, generation: number, nodes: number): void {
  const all = moments.get(generation) ?? [];
  all.push(performance.now());
  moments.set(generation, all);
  if (all.length >= nodes) waiting.get(generation)?.();
}
