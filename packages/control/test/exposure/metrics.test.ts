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
  const whole = metricsText({ status: await world.plane.status(), workers: [{ ...worker, id: 'a"b\\c\nd', vitals, rss: vitals.rss }], decisions: [], outcomes: [], findings: new Map([['GL1102', 2]]) });
  for (const line of `${text}${whole}`.trimEnd().split('\n')) assert.match(line, LINE);
  for (const name of NAMES) assert.ok(whole.includes(`# TYPE ${name} `), name);
  assert.match(whole, /^process_cpu_seconds_total\{worker="a\\"b\\\\c\\nd",service="web",version="v1",role="stable"\} 1\.5$/m);
  assert.match(whole, /^graylane_strategy_findings\{code="GL1102"\} 2$/m);
  assert.match(text, /http_request_method="_OTHER"/);
  assert.doesNotMatch(text, /evil/);
  await world.end();
});
