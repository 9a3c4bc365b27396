// `npm start`: the main job on a real server. Two published major versions of json-server behind one port.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { build } from './build.ts';

build();
const root = join(import.meta.dirname, '..');
const up = spawn(process.execPath, [join(root, 'packages/graylane/bin/graylane.js'), 'up', ...process.argv.slice(2)], {
  cwd: join(root, 'examples/json-server'),
  stdio: 'inherit',
});
// Ctrl-C reaches the whole foreground group; the supervisor drains and this process only waits for it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { if (signal === 'SIGTERM') up.kill(signal); });
up.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 0 : 1)));
