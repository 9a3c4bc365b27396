// The anchor of the rig, as `graylane up` is one.

import path from 'node:path';

import { runAnchor } from '@graylane/pool';

const supervisor = path.join(import.meta.dirname, 'supervisor.ts');
process.exitCode = await runAnchor({ command: process.execPath, args: [...process.execArgv, supervisor, process.argv[2] ?? ''] }, (why, delayMs) => {
  process.stdout.write(`${JSON.stringify({ supervisor: 0, said: 'restart', text: `${why}, after ${delayMs} ms` })}\n`);
});
