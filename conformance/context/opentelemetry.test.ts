// Beside OpenTelemetry: its members and ours both arrive, once, and only ours stay inside.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { build } from '../../tools/build.ts';

build();

const bench = join(import.meta.dirname, 'bench');
// It is large, and nothing but this and the benchmark needs it.
const skip = existsSync(join(bench, 'node_modules/.package-lock.json')) ? false : 'OpenTelemetry is not installed: run npm ci --ignore-scripts in conformance/context/bench';

test('an app under OpenTelemetry sends its members and the stamp in one header, and no stamp to a foreign host', { skip }, async () => {
  const register = createRequire(join(bench, 'main.ts')).resolve('@opentelemetry/auto-instrumentations-node/register');
  const env = { ...process.env, OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none', OTEL_NODE_RESOURCE_DETECTORS: 'none', OTEL_PROPAGATORS: 'tracecontext,baggage' };
  const { stdout } = await promisify(execFile)(process.execPath, ['--require', register, join(import.meta.dirname, 'apps/opentelemetry.mjs')], { env, timeout: 60_000 });
  const both = ['[ann],userId=alice'];
  const theirs = ['userId=alice'];
  assert.deepEqual(JSON.parse(stdout.slice(stdout.indexOf('{"came"'))), { came: 1, fetch: both, http: both, foreignFetch: theirs, foreignHttp: theirs, faults: [] });
});
