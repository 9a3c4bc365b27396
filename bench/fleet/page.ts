// docs/scale.md from measured figures, and what they come to at ten times the machines. It must not measure.

export interface Figures {
  readonly cpu: string;
  readonly memoryGb: number;
  readonly node: string;
  /** One-minute load average before the run: above zero, something else had the processors too. */
  readonly load: number;
  readonly nodes: number;
  readonly publications: number;
  readonly releases: number;
  /** Of the simulated machines. */
  readonly processes: number;
  /** Who had which processors. */
  readonly cores: string;
  readonly idleBytes: number;
  readonly peakBytes: number;
  readonly joinMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the last machine of each publication. */
  readonly lastP99Ms: number;
  readonly worstMs: number;
  /** Processor time of one publication. */
  readonly serverCpuMs: number;
  readonly crowdCpuMs: number;
  readonly deltaBytes: number;
  readonly wholeBytes: number;
}

/** What we plan for on one server. */
const PLAN = { p99Ms: 100, bytes: 300 * 1024 * 1024 };
const FAR = 10_000;

export function scalePage(figures: Figures): string {
  const { nodes, releases, publications, processes, p50Ms, p99Ms, lastP99Ms, worstMs, serverCpuMs, crowdCpuMs, idleBytes, peakBytes, joinMs, deltaBytes, wholeBytes } = figures;
  const perNode = (peakBytes - idleBytes) / nodes;
  const perNodeMs = p99Ms / nodes;
  return `# How far a server goes

Written by \`npm run bench:fleet -- --write\`; do not edit. ${nodes} simulated machines over the real protocol and real TLS, one server, one etcd, and the machines, all on one host:
${figures.cpu}, ${figures.memoryGb} GB, Node ${figures.node}, load ${figures.load.toFixed(1)} before the run. A strategy of ${releases} releases; ${publications} times one of them was changed, after five changes that are not counted.

| | measured | to reach |
|---|---|---|
| write at the API to effect at a machine, median | ${ms(p50Ms)} | |
| the same, p99 over all machines and publications | ${ms(p99Ms)} | ≤ ${PLAN.p99Ms} ms ${p99Ms <= PLAN.p99Ms ? '(reached)' : '(missed)'} |
| the last machine of a publication, p99 · worst | ${ms(lastP99Ms)} · ${ms(worstMs)} | |
| processor time of one publication, server · all machines | ${ms(serverCpuMs)} · ${ms(crowdCpuMs)} | |
| memory of the server, before anybody joined · with all | ${mb(idleBytes)} · ${mb(peakBytes)} | ≤ ${mb(PLAN.bytes)} ${peakBytes <= PLAN.bytes ? '(reached)' : '(missed)'} |
| a machine more | ${Math.round(perNode / 1024)} kB | |
| all join, ${Math.round(nodes / (joinMs / 1000))} a second | ${Math.round(joinMs)} ms | |
| the whole strategy · the difference of one change | ${kb(wholeBytes)} · ${kb(deltaBytes)} | |

"Effect": the machine has been told to begin, after every machine has said that it has the strategy. The machines of this run live in ${processes === 1 ? 'one process' : `${processes} processes`}
and cost about as much as the server does; ${figures.cores}. They answer what has come when all that has come is read, as hosts of
their own would not wait for each other, and say that they have begun 20 ms later, as a real machine's workers and disk come first. A publication follows the last
one after a tenth of a second. Where the time goes is in decision 1004.

## What it comes to at ${FAR.toLocaleString('en')} machines

Extrapolated in a straight line from the run above, not measured: memory ${mb(idleBytes + perNode * FAR)} on one server and ${mb(idleBytes + (perNode * FAR) / 3)} on each of three;
publish to effect ${ms(perNodeMs * FAR)} on one server, ${ms((perNodeMs * FAR) / 3)} on each of three, and the writes that servers tell each other by (about ten milliseconds each on a disk that syncs).
One server takes at most 10,000 machines. Counts are one commit a second and server, whatever the number of machines, of about half a kilobyte a machine that has traffic.
`;
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function mb(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MB`;
}

function kb(bytes: number): string {
  return `${bytes < 10_240 ? (bytes / 1024).toFixed(1) : Math.round(bytes / 1024)} kB`;
}
