// The strategy of the rig: whoever sends `x-canary: 1` gets v2, everybody else stable.

import { compile, parseStrategy } from '@graylane/rules';
import type { Snapshot } from '@graylane/rules';

export function strategy(): Snapshot {
  const parsed = parseStrategy({
    services: { web: { listen: 8080, stable: 'v1', versions: { v1: { script: './v1.js' }, v2: { script: './v2.js' } } } },
    releases: [{ name: 'canary', when: [{ header: { 'x-canary': '1' } }], versions: { web: 'v2' }, onUnavailable: 'error' }],
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return compile(parsed.strategy);
}
