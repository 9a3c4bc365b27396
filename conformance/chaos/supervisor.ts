// The supervisor of the rig: one service, a strategy with one release, and commands by lines on standard input.

import readline from 'node:readline';
import { readdirSync } from 'node:fs';

import { AnchorKeeper, Fleet, StartFailure } from '@graylane/pool';
import type { Pool, PoolSpec } from '@graylane/pool';
import { strategy } from './strategy.ts';
import type { Command, Line } from './rig.ts';

interface Task { readonly runDir: string; readonly agentFile: string; readonly port: number; readonly pools: readonly PoolSpec[] }

const text = process.argv[2] ?? '';
const task = JSON.parse(text) as Task;
const say = (line: Omit<Line, 'supervisor'>): void => void process.stdout.write(`${JSON.stringify({ supervisor: process.pid, ...line })}\n`);

process.once('uncaughtException', (error) => {
  say({ said: 'failed', text: error.stack ?? error.message });
  process.exit(1);
});
const keeper = AnchorKeeper.find({ command: process.execPath, args: [...process.execArgv, import.meta.filename, text] }, () => say({ said: 'anchor-lost' }));
say({ said: 'born' });
const fleet = new Fleet({
  runDir: task.runDir,
  agentFile: task.agentFile,
  ...(keeper === null ? {} : { keeper }),
  onEvent: (event) => {
    if (event.kind === 'warning') say({ said: 'warning', text: event.text });
    if (event.kind === 'crash') say({ said: 'crash', text: `${event.worker.id}: ${event.cause}` });
    if (event.kind === 'agent' && event.message.kind === 'fault') say({ said: 'fault', text: event.message.detail });
  },
});
process.on('SIGTERM', () => void down());

await fleet.listen();
say({ said: 'listening' });
const adopted = await fleet.recover();
if (adopted.length === 0) await fleet.openSlots('web', [{ port: task.port, host: '127.0.0.1' }], task.pools.find((pool) => pool.role === 'stable')?.workers ?? 1);
for (const spec of task.pools) {
  if (!fleet.pools().some((pool) => pool.spec.version === spec.version)) await fleet.start(spec);
}
if (adopted.length === 0) await publish(1);
keeper?.standing();
say({ said: 'up', adopted: adopted.length, workers: seen() });
readline.createInterface({ input: process.stdin }).on('line', (line) => void obey(JSON.parse(line) as Command & { id: number }));

async function obey(command: Command & { id: number }): Promise<void> {
  say({ said: 'done', to: command.id, result: await outcome(command), workers: seen(), vitals: { rss: process.memoryUsage().rss, handles: process.getActiveResourcesInfo().length, fds: readdirSync('/proc/self/fd').length } });
}

async function outcome(command: Command): Promise<string> {
  try {
    if (command.do === 'reload') await reload(command);
    if (command.do === 'scale') await poolOf(command.version).scale(command.workers);
    if (command.do === 'publish') return await late(command.generation);
    return 'ok';
  } catch (error) {
    return StartFailure.from(error).code;
  }
}

async function reload(command: Command & { do: 'reload' }): Promise<void> {
  const pool = poolOf(command.version);
  const plain = task.pools.find((spec) => spec.version === command.version);
  if (plain !== undefined) await pool.reload({ ...plain, env: { ...plain.env, ...command.env }, ...(command.ready === undefined ? {} : { ready: command.ready }) });
}

function poolOf(version: string): Pool {
  const pool = fleet.pools().find((one) => one.spec.version === version);
  if (pool === undefined) throw new Error(`no pool ${version}`);
  return pool;
}

/** Workers that take requests and yet do not route by the new strategy. */
async function late(generation: number): Promise<string> {
  const { stale } = await publish(generation);
  const serving = new Set(fleet.workers().filter((worker) => worker.state === 'ready').map((worker) => worker.id));
  const late = stale.filter((id) => serving.has(id));
  return late.length === 0 ? 'ok' : `stale: ${late.join(', ')}`;
}

function publish(generation: number): ReturnType<Fleet['publish']> {
  return fleet.publish('web', { kind: 'strategy', generation, snapshot: strategy() }, 2_000);
}

function seen(): NonNullable<Line['workers']> {
  return fleet.workers().map(({ id, pid, version, state }) => ({ id, pid, version, state }));
}

async function down(): Promise<void> {
  await fleet.down();
  await keeper?.goodbye(0);
  process.exit(0);
}
