// The anchor of the adoption tests, as `graylane up` would be one. Argument: see supervisor.ts.

import path from 'node:path';

import { runAnchor } from '../../src/index.ts';

const supervisor = path.join(import.meta.dirname, 'supervisor.ts');
process.exitCode = await runAnchor({ command: process.execPath, args: [...process.execArgv, supervisor, process.argv[2] ?? ''] }, (why) => {
  process.stdout.write(`${JSON.stringify({ said: 'restart', why })}\n`);
});
