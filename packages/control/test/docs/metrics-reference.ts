// docs/metrics.md, written from the text that scrapers get of one of everything. Run this file to write it; a test compares.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LATENCY_EDGES_SECONDS, type Api, type Vitals } from '@graylane/wire';
import type { WorkerFacts } from '../../src/effects.ts';
import { metricsText } from '../../src/exposure/metrics.ts';

export const METRICS_FILE: string = fileURLToPath(new URL('../../../../docs/metrics.md', import.meta.url));

const vitals: Vitals = {
  rss: 1, heapUsed: 1, heapLimit: 1, cpuMicros: 1, loopDelayP99Ms: 1, loopUtilization: 1, inFlight: 1, waiting: 1,
  admission: { limit: 1, waited: 1, waitedSeconds: 1, rejected: { 'queue-full': 1 } },
};
const worker: WorkerFacts = {
  id: 'web.v1.1', service: 'web', version: 'v1', role: 'stable', pid: 1, state: 'ready', ready: true, generation: 1, startedAt: 0, restarts: 0, restartsBy: { crash: 1 }, rss: 1, inFlight: 1, waiting: 1, vitals,
};
const release: Api<'Release'> = {
  name: 'next', phase: 'progressing', turn: 1, step: 0, steps: [], percent: 5, holdback: 0, versions: {}, since: '', until: null, why: '', live: true, share: null, requests: 0, unavailable: 0, hold: null,
};
const status: Api<'Status'> = { revision: 1, generation: 1, healthy: true, problems: [], frozen: null, services: [], releases: [release], stale: [], next: [] };

export function metricsReference(): string {
  const text = metricsText({
    status, workers: [worker], gateways: [],
    decisions: [{ service: 'web', generation: 1, lane: null, reason: 'matched', requests: 1 }],
    outcomes: [{ service: 'web', version: 'v1', lane: null, method: 'GET', status: 200, requests: 1, seconds: 1, latency: LATENCY_EDGES_SECONDS.map(() => 0) }],
    findings: new Map([['GL1102', 1]]),
  });
  return [
    '# Metrics',
    '',
    '<!-- Generated: node --conditions=graylane-source packages/control/test/docs/metrics-reference.ts -->',
    '',
    '`GET /metrics` on the Unix socket, and on TCP with `--api` and a token of scope `read`: the Prometheus text format, version 0.0.4. Of all workers and gateways of a supervisor;',
    'of a server, requests of the whole fleet ([server.md](server.md)).',
    '',
    '| metric | type | labels | |',
    '|---|---|---|---|',
    ...families(text).map(({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(' ')} | ${help} |`),
    '',
    '- `lane` is the release, or `stable`. `reason` of a decision: why the request went there (`graylane explain` says it of one), and beside decisions what happened on its way ([lanes.md](lanes.md)).',
    '- `reason` of a restart: `crash`, `killed` from outside, `silent` (no heartbeat), `replaced` for memory, age or liveness.',
    '- `reason` of a rejection: those of [forwarding.md](forwarding.md) that are 503.',
    '- `role` is `stable`, `canary`, or `gateway` (with an empty `version`) where requests wait in a gateway.',
    '- `http_request_method` is `_OTHER` for methods of no standard.',
    '',
  ].join('\n');
}

interface Family { readonly name: string; readonly type: string; readonly help: string; readonly labels: readonly string[] }

function families(text: string): readonly Family[] {
  return text.split('# HELP ').slice(1).map((part): Family => {
    const [, name = '', help = ''] = /^(\S+) (.*)$/m.exec(part) ?? [];
    const sample = part.split('\n').find((line) => new RegExp(`^${name}\\w*\\{`).test(line) && !line.includes(',le="'));
    const labels = [...(sample ?? '').matchAll(/([a-z_]+)="/g)].map((match) => match[1] ?? '');
    return { name, type: /^# TYPE \S+ (\w+)$/m.exec(part)?.[1] ?? '', help, labels };
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(METRICS_FILE, metricsReference());
