// Some of the simulated machines, in a process of their own: told by its parent to join, it tells when each has begun with what.

import { startMachine, type SimulatedMachine } from './simulated-machine.ts';
import type { CrowdOrder, CrowdWord } from './crowd.ts';

/** So many handshakes at once: a server is joined by zones and restarts, not by one stampede. */
const AT_ONCE = 25;

const moments = new Map<number, number[]>();
let machines: SimulatedMachine[] = [];
let [delta, whole] = [0, 0];

process.on('message', (order: CrowdOrder) => {
  if (order.kind === 'join') void join(order).catch((error: unknown) => say({ kind: 'lost', why: String(error) }));
  else leave();
});
process.once('disconnect', leave);

async function join({ url, ca, token, from, count }: Extract<CrowdOrder, { readonly kind: 'join' }>): Promise<void> {
  for (let next = from; next < from + count; next += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, from + count - next) }, (_, n) => startMachine({
      url, ca, token, index: next + n, begun: (generation) => note(generation, count),
      staged: (kind, bytes) => {
        if (kind === 'delta') delta = bytes;
        else whole = bytes;
      },
      lost: (why) => say({ kind: 'lost', why: `node-${next + n}: ${why}` }),
    }));
    machines = [...machines, ...some];
    await Promise.all(some.map(({ joined }) => joined));
  }
  moments.clear();
  say({ kind: 'joined' });
}

/** The clock of the whole host. */
function note(generation: number, count: number): void {
  const all = moments.get(generation) ?? [];
  all.push(Number(process.hrtime.bigint()) / 1e6);
  moments.set(generation, all);
  if (all.length < count) return;
  moments.delete(generation);
  const { user, system } = process.cpuUsage();
  say({ kind: 'begun', generation, moments: all, delta, whole, cpuMs: (user + system) / 1_000 });
}

function say(word: CrowdWord): void {
  if (process.connected) process.send?.(word);
}

function leave(): void {
  for (const machine of machines) machine.leave();
  process.exit(0);
}
