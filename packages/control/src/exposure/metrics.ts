// Everything that is measured, as Prometheus text (exposition format 0.0.4), under the names that docs/metrics.md lists.
// It must not count anything itself.

import type { Api, Vitals } from '@graylane/wire';
import { LATENCY_EDGES_SECONDS } from '@graylane/wire';
import type { GatewayFacts, WorkerFacts } from '../effects.ts';
import type { Cell } from './tally.ts';
import type { Outcome } from './outcomes.ts';

export interface MetricsInput {
  readonly status: Api<'Status'>;
  readonly workers: readonly WorkerFacts[];
  readonly gateways: readonly GatewayFacts[];
  readonly decisions: readonly Readonly<Cell>[];
  readonly outcomes: readonly Readonly<Outcome>[];
  /** By code: how many. */
  readonly findings: ReadonlyMap<string, number>;
}

const PHASES: readonly Api<'Release'>['phase'][] = ['pending', 'progressing', 'paused', 'promoting', 'succeeded', 'rolling-back', 'rolled-back'];

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [suffix: string, labels: Labels, value: number];

export function metricsText({ status, workers, gateways, decisions, outcomes, findings }: MetricsInput): string {
  const { releases } = status;
  return [
    family('http_server_request_duration_seconds', 'histogram', 'Duration of requests as clients see them.', outcomes.flatMap(histogram)),
    family('graylane_route_decisions_total', 'counter', 'Requests by the lane that they were given.', decisions.map(({ service, lane, reason, requests }): Sample => ['', { service, lane: lane ?? 'stable', reason }, requests])),
    family('graylane_release_percent_ratio', 'gauge', 'Share of the audience that is in, as wanted.', releases.map(({ name, percent, live }): Sample => ['', { release: name }, live ? percent / 100 : 0])),
    family('graylane_release_phase', 'gauge', 'One for the phase that a release is in.', releases.flatMap(({ name, phase }) => PHASES.map((one): Sample => ['', { release: name, phase: one }, one === phase ? 1 : 0]))),
    ...upstreamFamilies(workers, gateways),
    family('graylane_worker_in_flight_requests', 'gauge', 'Requests in a worker.', known(workers, ({ inFlight }) => inFlight)),
    family('graylane_worker_up', 'gauge', 'Whether a worker takes requests.', workers.map((worker): Sample => ['', workerLabels(worker), worker.ready ? 1 : 0])),
    family('graylane_worker_generation', 'gauge', 'The generation that a worker routes by.', workers.map((worker): Sample => ['', workerLabels(worker), worker.generation])),
    family('graylane_worker_restarts_total', 'counter', 'Workers of a version that were followed by another unasked, by why.', restarts(workers)),
    family('graylane_strategy_generation', 'gauge', 'The newest published generation.', [['', {}, status.generation]]),
    family('graylane_strategy_revision', 'gauge', 'The revision of the strategy document.', [['', {}, status.revision]]),
    family('graylane_strategy_findings', 'gauge', 'What the analysis had to say about the strategy when it was last applied.', [...findings].map(([code, count]): Sample => ['', { code }, count])),
    ...processFamilies(workers),
  ].join('');
}

/** How requests come to the workers of another version: they wait in the process that has them, a worker's or a gateway's. */
function upstreamFamilies(workers: readonly WorkerFacts[], gateways: readonly GatewayFacts[]): readonly string[] {
  const doors = [
    ...workers.map((worker) => ({ labels: workerLabels(worker), waiting: worker.waiting, admission: worker.vitals?.admission })),
    ...gateways.map(({ id, service, vitals }) => ({ labels: { worker: id, service, version: '', role: 'gateway' }, waiting: vitals.waiting, admission: vitals.admission })),
  ];
  const admitting = doors.flatMap(({ labels, admission }) => (admission === undefined ? [] : [{ labels, ...admission }]));
  return [
    family('graylane_upstream_pending_requests', 'gauge', 'Requests that wait for a worker of their version.', doors.flatMap(({ labels, waiting }): Sample[] => (waiting === null ? [] : [['', labels, waiting]]))),
    family('graylane_upstream_pending_limit', 'gauge', 'How many may wait for the workers of one version, in one process.', admitting.map(({ labels, limit }): Sample => ['', labels, limit])),
    family('graylane_upstream_queue_wait_seconds', 'summary', 'How long requests waited that had to wait and got a worker.', admitting.flatMap(({ labels, waited, waitedSeconds }): Sample[] => [['_sum', labels, waitedSeconds], ['_count', labels, waited]])),
    family('graylane_upstream_rejected_total', 'counter', 'Requests that got no worker and were answered with 503, by why.', admitting.flatMap(({ labels, rejected }) => Object.entries(rejected).map(([reason, count]): Sample => ['', { ...labels, reason }, count]))),
  ];
}

/** Names as Prometheus' client libraries have them, so that dashboards find them. */
function processFamilies(workers: readonly WorkerFacts[]): readonly string[] {
  const of = (value: (vitals: Vitals) => number): readonly Sample[] => known(workers, ({ vitals }) => (vitals === undefined ? null : value(vitals)));
  return [
    family('process_resident_memory_bytes', 'gauge', 'Resident memory of a worker.', known(workers, ({ rss }) => rss)),
    family('process_cpu_seconds_total', 'counter', 'CPU time of a worker, user and system.', of(({ cpuMicros }) => cpuMicros / 1_000_000)),
    family('process_start_time_seconds', 'gauge', 'When a worker was started, seconds since 1970.', workers.map((worker): Sample => ['', workerLabels(worker), worker.startedAt / 1_000])),
    family('nodejs_heap_size_used_bytes', 'gauge', 'Heap in use.', of(({ heapUsed }) => heapUsed)),
    family('nodejs_heap_size_limit_bytes', 'gauge', 'Heap that a worker may use.', of(({ heapLimit }) => heapLimit)),
    family('nodejs_eventloop_lag_p99_seconds', 'gauge', 'Delay of the event loop since the look before, 99th percentile.', of(({ loopDelayP99Ms }) => loopDelayP99Ms / 1_000)),
    family('nodejs_eventloop_utilization', 'gauge', 'Share of the time that the event loop was busy, 0 to 1.', of(({ loopUtilization }) => loopUtilization)),
  ];
}

function histogram({ service, version, lane, method, status, requests, seconds, latency }: Readonly<Outcome>): readonly Sample[] {
  const labels: Labels = { service, version, lane: lane ?? 'stable', http_request_method: method, http_response_status_code: String(status) };
  let below = 0;
  const buckets = LATENCY_EDGES_SECONDS.map((edge, index): Sample => {
    below += latency[index] ?? 0;
    return ['_bucket', { ...labels, le: String(edge) }, below];
  });
  return [...buckets, ['_bucket', { ...labels, le: '+Inf' }, requests], ['_sum', labels, seconds], ['_count', labels, requests]];
}

function workerLabels({ id, service, version, role }: WorkerFacts): Labels {
  return { worker: id, service, version, role };
}

function known(workers: readonly WorkerFacts[], value: (worker: WorkerFacts) => number | null): readonly Sample[] {
  return workers.flatMap((worker): Sample[] => {
    const number = value(worker);
    return number === null ? [] : [['', workerLabels(worker), number]];
  });
}

/** The count is the pool's: each of its workers carries the same. */
function restarts(workers: readonly WorkerFacts[]): readonly Sample[] {
  const pools = new Map(workers.map((worker) => [`${worker.service}\0${worker.version}\0${worker.role}`, worker]));
  return [...pools.values()].flatMap(({ service, version, role, restarts: crashes, restartsBy }) =>
    Object.entries(restartsBy ?? { crash: crashes }).map(([reason, count]): Sample => ['', { service, version, role, reason }, count]));
}

function family(name: string, type: 'counter' | 'gauge' | 'histogram' | 'summary', help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([suffix, labels, value]) => `${name}${suffix}${labelText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
