// One measure of one contestant: a load, and what the server processes spent on it. It compares nothing.

import { cpuMicros } from './cpu.ts';
import type { Server } from './server.ts';
import type { Run } from './wrk.ts';
import { runWrk } from './wrk.ts';

export interface Measure extends Run {
  /** User and system time of all server processes, divided by the requests. */
  readonly cpuMicrosPerRequest: number;
}

export interface LoadOptions {
  /** wrk, and what stands before it. */
  readonly wrk: readonly string[];
  readonly connections: number;
}

/** `rate`, in requests a second, is what a server aside gets its share of. Throws when a request fails. */
export async function measureOnce(options: LoadOptions, name: string, server: Server, seconds: number, rate: number | null = null): Promise<Measure> {
  for (let tries = 1; ; tries++) {
    const before = cpuMicros(server.pids());
    const run = await load(options, server, seconds, rate);
    if (run.failed > 0) throw new Error(`${name}: ${run.failed} of ${run.requests} requests failed`);
    if (run.requests > 0) return { ...run, cpuMicrosPerRequest: (cpuMicros(server.pids()) - before) / run.requests };
    if (tries === TRIES) throw new Error(`${name}: nothing was answered in ${seconds} s, ${TRIES} times: measure longer (--seconds)`);
  }
}

/** Hundreds of connections that ask for much may have nothing whole within a second of a busy machine. */
const TRIES = 5;

/** Half of the load asks for the canary, until V8 has compiled what is hot in both versions. */
export async function warmUp({ wrk, connections }: LoadOptions, { port, aside }: Server, seconds: number): Promise<void> {
  const ports = aside === undefined ? [port] : [port, aside.port];
  for (const one of ports) await runWrk({ command: wrk, port: one, connections, seconds: Math.ceil(seconds / ports.length), asksCanary: true });
}

async function load({ wrk, connections }: LoadOptions, { port, aside }: Server, seconds: number, rate: number | null): Promise<Run> {
  if (aside === undefined) return runWrk({ command: wrk, port, connections, seconds });
  const [main, other] = await Promise.all([
    runWrk({ command: wrk, port, connections, seconds }),
    runWrk({ command: wrk, port: aside.port, connections, seconds, ...(rate === null ? {} : { rate: rate * aside.share }) }),
  ]);
  return { ...main, requests: main.requests + other.requests, failed: main.failed + other.failed };
}
