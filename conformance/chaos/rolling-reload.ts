// Rolling reloads at 70 % of what the machine can serve: nobody is lost, and nobody waits much longer than in quiet times.

import { EVERY_MANNER, pools } from './scenarios.ts';
import type { Interpreter, Outcome, Plan } from './scenarios.ts';
import { Load, quantile } from './client.ts';
import type { Manner, Tally } from './client.ts';
import { Rig } from './rig.ts';

const SHARE_OF_CAPACITY = 0.7;
/** As many clients as saturate two workers on a machine of two cores; with fewer nobody ever queues. */
const CLIENTS = 4;
/** In the short form, beside other tests: nobody measures there, and whoever is lost is seen by few as well. */
const FEW_CLIENTS = 1;
/** Long enough for a rate on a slow machine, and for the tail of a quiet run. */
const CALIBRATION_ANSWERS = 1_000;
const QUIET_ANSWERS = 2_000;
const STEPS = 3;
/** By how much the tail of latency may grow while workers are replaced. */
const TAIL_LIMIT = 2;

export async function rollingReload({ rounds }: Plan, interpreter: Interpreter = null): Promise<Outcome> {
  const rig = await Rig.start(pools(interpreter));
  try {
    const short = rounds < 10;
    const { port } = rig;
    const pauseMs = short ? 10 : await pauseFor(port);
    const clients = short ? FEW_CLIENTS : CLIENTS;
    const quiet = await run(port, clients, pauseMs, (load) => load.more(short ? 100 : QUIET_ANSWERS));
    const missed: string[] = [];
    const busy = await run(port, clients, pauseMs, async () => {
      for (let round = 0; round < rounds; round++) {
        const reloaded = await rig.command({ do: 'reload', version: round % 2 === 0 ? 'v1' : 'v2' });
        if (reloaded.result !== 'ok') missed.push(`round ${round}: ${reloaded.result ?? ''}`);
      }
    });
    const faults = rig.lines.filter((line) => line.said === 'fault').map((line) => `agent fault: ${line.text ?? ''}`);
    const failures = [...quiet.tally.failures, ...busy.tally.failures];
    if (failures.length > 0) missed.push(`${failures.length} failed requests`);
    const tails = [...new Set(EVERY_MANNER)].map((manner) => ({ manner, quietMs: tail(quiet.tally, manner), busyMs: tail(busy.tally, manner) }));
    for (const { manner, quietMs, busyMs } of tails) if (busyMs > TAIL_LIMIT * quietMs) missed.push(`p99 of ${manner} came only to ${(busyMs / quietMs).toFixed(1)} × of ${Math.round(quietMs)} ms`);
    const figures = Object.fromEntries(tails.map(({ manner, quietMs, busyMs }) => [`p99 ${manner}`, `${Math.round(quietMs)} → ${Math.round(busyMs)} ms`]));
    return { scenario: 'rolling reload', rounds, requests: quiet.tally.answers + busy.tally.answers, failures, missed: [...missed, ...faults], figures: { 'requests/s': `${Math.round(busy.perSecond)}`, ...figures } };
  } finally {
    await rig.end();
  }
}

interface Run { readonly tally: Tally; readonly perSecond: number }

/** `clients` of each manner. */
async function run(port: number, clients: number, pauseMs: number, meanwhile: (load: Load) => Promise<unknown>): Promise<Run> {
  const load = new Load({ port, manners: Array.from({ length: clients }, () => EVERY_MANNER).flat(), pauseMs });
  try {
    await meanwhile(load);
  } finally {
    await load.stop();
  }
  const tally = await load.stop();
  return { tally, perSecond: (tally.answers / load.elapsedMs) * 1_000 };
}

/** The pause between a client's requests that brings the load to its share of the capacity. */
async function pauseFor(port: number): Promise<number> {
  const clients = CLIENTS * EVERY_MANNER.length;
  const wanted = SHARE_OF_CAPACITY * (await run(port, CLIENTS, 0, (load) => load.more(CALIBRATION_ANSWERS))).perSecond;
  let pauseMs = 0;
  for (let step = 0; step < STEPS; step++) {
    const { perSecond } = await run(port, CLIENTS, pauseMs, (load) => load.more(CALIBRATION_ANSWERS));
    // A client's turn takes its latency and its pause.
    pauseMs = Math.max(0, pauseMs + (clients / wanted - clients / perSecond) * 1_000);
  }
  return pauseMs;
}

function tail(tally: Tally, manner: Manner): number {
  return quantile(tally.latenciesMs.get(manner) ?? [], 0.99);
}
