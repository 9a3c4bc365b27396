// The gateway as a process of the benchmark: one stable and one canary upstream, and the strategy that the other proxies have, too.

import { compile, parseStrategy } from '@graylane/rules';
import { startGateway } from '@graylane/gateway';

const { PORT = '0', STABLE = '', CANARY = '', PERCENT = '5' } = process.env;
const parsed = parseStrategy({
  services: { web: { stable: 'v1', versions: { v1: {}, v2: {} } } },
  releases: [{ name: 'ramp', when: [{ cookie: { beta: '1' }, pinned: true }, { header: { 'x-beta': '1' }, pinned: true }, {}], percent: Number(PERCENT), stickyBy: ['cookie:uid'], versions: { web: 'v2' } }],
});
if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
const at = (path: string): { key: string; address: { path: string } } => ({ key: path, address: { path } });
await startGateway({
  listen: [{ port: Number(PORT), host: '127.0.0.1' }], service: 'web', stable: 'v1',
  upstreams: { v1: [at(STABLE)], v2: [at(CANARY)] },
  strategy: { kind: 'strategy', generation: 1, snapshot: compile(parsed.strategy) },
  // The benchmark asks for all connections at once; it measures cost, not shedding.
  limits: { inFlightPerUpstream: 1_000 },
});
