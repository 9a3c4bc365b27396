// The supervisor of the adoption tests: recovers what is there or starts it, and says what happens as lines of JSON.
// Argument: JSON of {@link SupervisorTask}. SIGUSR2 reloads every pool; SIGTERM takes all down.

import { AnchorKeeper, Fleet } from '../../src/index.ts';
import type { PoolSpec } from '../../src/index.ts';

export interface SupervisorTask {
  readonly runDir: string;
  readonly agentFile: string;
  readonly port: number;
  readonly pools: readonly PoolSpec[];
}

const text = process.argv[2] ?? '';
const task = JSON.parse(text) as SupervisorTask;
const say = (line: Readonly<Record<string, unknown>>): void => void process.stdout.write(`${JSON.stringify({ supervisor: process.pid, ...line })}\n`);

const keeper = AnchorKeeper.find({ command: process.execPath, args: [...process.execArgv, import.meta.filename, text] }, () => say({ said: 'anchor-lost' }));
const fleet = new Fleet({
  runDir: task.runDir,
  agentFile: task.agentFile,
  ...(keeper === null ? {} : { keeper }),
  onEvent: (event) => {
    if (event.kind === 'pool') say({ said: event.what, pool: event.pool.id, failure: event.failure?.message ?? null });
    if (event.kind === 'crash' || event.kind === 'warning') say({ said: event.kind, text: 'text' in event ? event.text : event.cause });
  },
});

process.on('SIGUSR2', () => void Promise.all(fleet.pools().map((pool) => pool.reload())).catch(() => undefined));
process.on('SIGTERM', () => void end());

process.once('uncaughtException', (error) => {
  say({ said: 'failed', text: error.message });
  process.exit(1);
});

await fleet.listen();
const found = performance.now();
const adopted = await fleet.recover();
const recoverMs = performance.now() - found;
if (adopted.length === 0) await fleet.openSlots('web', [{ port: task.port, host: '127.0.0.1' }], task.pools.find((pool) => pool.role === 'stable')?.workers ?? 1);
for (const spec of task.pools) {
  if (!fleet.pools().some((pool) => pool.spec.version === spec.version)) await fleet.start(spec);
}
keeper?.standing();
say({ said: 'up', recoverMs, adopted: adopted.length, workers: fleet.workers().map(({ id, pid, state, connected }) => ({ id, pid, state, connected })) });

async function end(): Promise<void> {
  await fleet.down();
  await keeper?.goodbye(0);
  process.exit(0);
}
