// Where the bundled agent is that every worker preloads.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Failure } from '../print/failure.ts';

/** Throws Failure when the bundle was not built. */
export function agentFile(): string {
  const file = fileURLToPath(import.meta.resolve('@graylane/agent/agent.js'));
  if (existsSync(file)) return file;
  throw new Failure({ code: 'GL0050', message: `the agent's bundle is missing: ${file}`, fix: 'in the repository run `npm run build`; else install graylane again' });
}
