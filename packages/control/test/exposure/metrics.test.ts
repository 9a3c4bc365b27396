// The metrics as a scraper reads them: the exposition format, every name, and no label that a client could choose.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { metricsText } from '../../src/exposure/metrics.ts';
import { openWorld, withRelease } from '../plane/world.ts';
import { exposureOf } from './traffic.ts';

const NAMES = [
  'http_server_request_duration_seconds', 'graylane_route_decisions_total', 'graylane_release_percent_ratio', 'graylane_release_phase', 'graylane_upstream_pending_requests',
  'graylane_worker_in_flight_requests', 'graylane_worker_up', 'graylane_worker_generation', 'graylane_worker_restarts_total', 'graylane_strategy_generation', 'graylane_strategy_revision',
  'graylane_strategy_findings', 'process_resident_memory_bytes', 'process_cpu_seconds_total', 'process_start_time_seconds', 'nodejs_heap_size_used_bytes',
  'nodejs_heap_size_limit_bytes', 'nodejs_eventloop_lag_p99_seconds', 'nodejs_eventloop_utilization',
];
/** As people were promised them: each name with its labels, beside which there may be more. */
const PROMISED: Readonly<Record<string, readonly string[]>> = {
  http_server_request_duration_seconds_bucket: ['service', 'version', 'lane', 'http_request_method', 'http_response_status_code', 'le'],
  graylane_route_decisions_total: ['service', 'lane', 'reason'],
  graylane_release_percent_ratio: ['release'],
  graylane_release_phase: ['phase'],
  graylane_upstream_pending_requests: ['service'],
  graylane_upstream_pending_limit: ['service'],
  graylane_upstream_queue_wait_seconds_sum: ['service'],
  graylane_upstream_queue_wait_seconds_count: ['service'],
  graylane_upstream_rejected_total: ['service', 'reason'],
  graylane_worker_up: ['worker', 'service', 'version'],
  graylane_worker_restarts_total: ['service', 'version', 'reason'],
  graylane_strategy_generation: [],
  graylane_strategy_findings: ['code'],
};
/** What a client chose, or what would give a user away. */
const FORBIDDEN = ['user', 'path', 'cookie', 'address', 'url', 'client'];
const BUCKETS = ['0.005', '0.01', '0.025', '0.05', '0.075', '0.1', '0.25', '0.5', '0.75', '1', '2.5', '5', '7.5', '10', '+Inf'];
const LINE = /^(# (HELP|TYPE) [a-z0-9_]+ .+|[a-z0-9_]+(\{([a-z_]+="([^"\\\n]|\\["\\n])*",?)+\})? -?[0-9.e+-]+)$/;

it('metrics are what Prometheus reads, with every name', async () => {
  const world = await openWorld(withRelease());
  world.plane.report({ id: 'web.v1.0', service: 'web' }, {
    kind: 'counts', counts: [{ generation: 1, lane: 'r', reason: 'bucket', requests: 3 }],
    exposures: [{ ...exposureOf(1, 'r', 'treated', false), method: 'X"\\\n{evil}' }],
  });
  const vitals = { rss: 50e6, heapUsed: 20e6, heapLimit: 2e9, cpuMicros: 1_500_000, loopDelayP99Ms: 12, loopUtilization: 0.25, inFlight: 1, waiting: 2 };
  const [worker] = world.machine.workers();
  assert.ok(worker);
  const text = await world.plane.metrics();
  const whole = metricsText({ status: await world.plane.status(), workers: [{ ...worker, id: 'a"b\\c\nd', vitals, rss: vitals.rss }], gateways: [], decisions: [], outcomes: [], findings: new Map([['GL1102', 2]]) });
  for (const line of `${text}${whole}`.trimEnd().split('\n')) assert.match(line, LINE);
  for (const name of NAMES) assert.ok(whole.includes(`# TYPE ${name} `), name);
  assert.match(whole, /^process_cpu_seconds_total\{worker="a\\"b\\\\c\\nd",service="web",version="v1",role="stable"\} 1\.5$/m);
  assert.match(whole, /^graylane_strategy_findings\{code="GL1102"\} 2$/m);
  assert.match(text, /http_request_method="_OTHER"/);
  assert.doesNotMatch(text, /evil/);
  await world.end();
});

it('every metric that people were promised is there, with its labels and none that a client could choose', async () => {
  const world = await openWorld(withRelease());
  world.plane.report({ id: 'web.v1.0', service: 'web' }, { kind: 'counts', counts: [{ generation: 1, lane: 'r', reason: 'bucket', requests: 3 }], exposures: [exposureOf(1, 'r', 'treated', false)] });
  const admission = { limit: 512, waited: 2, waitedSeconds: 0.25, rejected: { 'queue-full': 3 } };
  const vitals = { rss: 50e6, heapUsed: 20e6, heapLimit: 2e9, cpuMicros: 1_500_000, loopDelayP99Ms: 12, loopUtilization: 0.25, inFlight: 1, waiting: 2, admission };
  const [worker] = world.machine.workers();
  assert.ok(worker);
  world.machine.workers = () => [{ ...worker, vitals, waiting: 2, restartsBy: { crash: 1, killed: 0, silent: 0, replaced: 2 } }];
  world.machine.gateways = () => [{ id: 'web.gateway.0', service: 'web', vitals }];
  const samples = (await world.plane.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#')).map(sampleOf);
  const text = metricsText({ status: await world.plane.status(), workers: [], gateways: [], decisions: [], outcomes: [], findings: new Map([['GL1102', 1]]) });
  samples.push(...text.split('\n').filter((line) => line.startsWith('graylane_strategy_findings')).map(sampleOf));
  for (const [name, labels] of Object.entries(PROMISED)) {
    const found = samples.filter((sample) => sample.name === name);
    assert.ok(found.length > 0, `${name} is missing`);
    for (const sample of found) for (const label of labels) assert.ok(sample.labels.has(label), `${name} without ${label}`);
  }
  assert.deepEqual(samples.flatMap(({ labels }) => [...labels.keys()].filter((label) => FORBIDDEN.includes(label))), []);
  const edges = samples.filter(({ name }) => name === 'http_server_request_duration_seconds_bucket').map(({ labels }) => labels.get('le'));
  assert.deepEqual(edges, BUCKETS);
  assert.deepEqual(samples.filter(({ name }) => name === 'graylane_upstream_rejected_total').map(({ labels, value }) => [labels.get('role'), labels.get('reason'), value]), [['stable', 'queue-full', 3], ['gateway', 'queue-full', 3]]);
  assert.deepEqual(samples.filter(({ name }) => name === 'graylane_worker_restarts_total').map(({ labels, value }) => [labels.get('reason'), value]), [['crash', 1], ['killed', 0], ['silent', 0], ['replaced', 2]]);
  await world.end();
});

interface Sample { readonly name: string; readonly labels: ReadonlyMap<string, string>; readonly value: number }

function sampleOf(line: string): Sample {
  const [, name = '', labels = '', value = ''] = /^([a-z0-9_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  return { name, labels: new Map([...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', text = '']) => [label, text])), value: Number(value) };
}
