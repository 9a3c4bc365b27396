// The loopback addresses and ports of one fleet: each server, machine and wire has an address of its own, and services the same port
// on all of them. Fleets beside each other are given different ones. It knows nothing of what listens there.

import { once } from 'node:events';
import { createServer } from 'node:net';

export interface Grounds {
  server(index: number): string;
  machine(index: number): string;
  /** Where a machine's wires to the servers begin. */
  wire(index: number): string;
  /** Of services, below PORTS. */
  port(index: number): number;
  /** Where machines meet each other. */
  readonly passagePort: number;
  /** From then on another fleet may have them. */
  leave(): Promise<void>;
}

/** What a person can remember: 127.0.0.11:8080. One fleet of them at a time. */
export const fixedGrounds: Grounds = groundsIn('127.0.0', 8_080, 7_500, () => Promise.resolve());

/** 127.64.0.0 to 127.127.255.255: a block of 256 addresses for each fleet. */
const [FIRST_BLOCK, BLOCKS] = [64, 64 * 256];
/** Below those that kernels hand out, so that none is taken in passing. */
const [FIRST_PORT, PORTS] = [20_000, 8];
const ATTEMPTS = 100;

/** The kernel says whose a block is: one process listens at its first address, and no longer than it lives. */
export async function claimGrounds(random: () => number = Math.random): Promise<Grounds> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const drawn = Math.floor(random() * BLOCKS);
    const block = `127.${FIRST_BLOCK + Math.floor(drawn / 256)}.${drawn % 256}`;
    const first = FIRST_PORT + (drawn % 1_000) * (PORTS + 2);
    const claim = createServer().listen(first + PORTS + 1, `${block}.1`);
    if (!await once(claim, 'listening').then(() => true, () => false)) continue;
    claim.unref();
    return groundsIn(block, first, first + PORTS, async () => {
      claim.close();
      await once(claim, 'close');
    });
  }
  throw new Error(`none of ${ATTEMPTS} blocks of loopback addresses is free`);
}

function groundsIn(block: string, first: number, passagePort: number, leave: () => Promise<void>): Grounds {
  return { server: (index) => `${block}.${2 + index}`, machine: (index) => `${block}.${11 + index}`, wire: (index) => `${block}.${100 + index}`, port: (index) => first + index, passagePort, leave };
}
