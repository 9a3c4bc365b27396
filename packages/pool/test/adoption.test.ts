// A supervisor may be killed at any moment: its anchor starts the next one, which takes the running workers over.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { AGENT, app, freePort, get } from './support/harness.ts';
import { constantLoad } from './support/load.ts';
import type { SupervisorTask } from './support/supervisor.ts';

interface Line {
  readonly supervisor: number;
  readonly said: string;
  readonly adopted?: number;
  readonly recoverMs?: number;
  readonly workers?: readonly { readonly id: string; readonly pid: number; readonly state: string; readonly connected: boolean }[];
}

interface Running {
  readonly anchor: ChildProcess;
  readonly port: number;
  /** The next line, from now on, that says this. */
  readonly next: (said: string) => Promise<Line>;
  readonly lines: readonly Line[];
}

async function running(t: TestContext, pools: SupervisorTask['pools']): Promise<Running> {
  const runDir = mkdtempSync(path.join(tmpdir(), 'gl-'));
  const port = await freePort();
  const task: SupervisorTask = { runDir, agentFile: AGENT, port, pools };
  const anchor = spawn(process.execPath, ['--conditions=graylane-source', path.join(import.meta.dirname, 'support', 'anchor.ts'), JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: Line[] = [];
  const looks = new Set<(line: Line) => void>();
  readline.createInterface({ input: anchor.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as Line;
    lines.push(line);
    for (const look of looks) look(line);
  });
  const ended = once(anchor.stdout, 'close');
  t.after(async () => {
    // The output closes when the last process of the rig has ended, whoever was killed on the way.
    const last = lines.findLast((line) => line.said === 'up');
    if (anchor.exitCode === null && anchor.signalCode === null) anchor.kill('SIGTERM');
    else if (anchor.signalCode !== null && last !== undefined) process.kill(last.supervisor, 'SIGTERM');
    await ended;
    rmSync(runDir, { recursive: true, force: true });
  });
  let seen = 0;
  const next = async (said: string): Promise<Line> => {
    for (;;) {
      const at = lines.findIndex((line, index) => index >= seen && line.said === said);
      if (at >= 0) {
        seen = at + 1;
        return lines[at]!;
      }
      await new Promise<void>((resolve) => {
        const look = (): void => {
          looks.delete(look);
          resolve();
        };
        looks.add(look);
      });
    }
  };
  return { anchor, port, next, lines };
}

const POOLS = [app({ workers: 2 }), app({ version: 'v2', role: 'canary' })];

test('a killed supervisor loses no request; the next one adopts the same workers within two seconds and can reload them', async (t) => {
  const { port, next } = await running(t, POOLS);
  const first = await next('up');
  const load = constantLoad(port);
  await load.answers(20);
  process.kill(first.supervisor, 'SIGKILL');
  const second = await next('up');
  // How long a process takes to start is the machine's business, and conformance/chaos measures it.
  assert.ok((second.recoverMs ?? Infinity) < 2_000, `took ${second.recoverMs ?? Infinity} ms`);
  assert.notEqual(second.supervisor, first.supervisor);
  assert.equal(second.adopted, 2);
  assert.deepEqual(second.workers, first.workers);
  await load.answers(20);
  process.kill(second.supervisor, 'SIGUSR2');
  await next('reloaded');
  await next('reloaded');
  await load.answers(20);
  assert.deepEqual((await load.stop()).failures, []);
  assert.match((await get(port)).worker, /^web\.v1\.[3-9]$/);
});

test('a supervisor that is killed in the middle of a reload is followed by one that finishes it', async (t) => {
  const { port, next } = await running(t, [app({ workers: 3 })]);
  const first = await next('up');
  const load = constantLoad(port);
  await load.answers(5);
  process.kill(first.supervisor, 'SIGUSR2');
  await next('reloading');
  await load.answers(10);
  process.kill(first.supervisor, 'SIGKILL');
  await next('up');
  // The numbers of the first three are gone when all seats run the new revision.
  for (const workers = new Set<string>(); !(workers.size >= 3 && [...workers].every((id) => Number(id.split('.')[2]) >= 3));) {
    workers.add((await get(port)).worker);
    if ([...workers].some((id) => Number(id.split('.')[2]) < 3)) workers.clear();
  }
  assert.deepEqual((await load.stop()).failures, []);
});

test('a killed anchor is replaced by the supervisor, and the new one brings the supervisor back', async (t) => {
  const { anchor, port, next } = await running(t, POOLS);
  const first = await next('up');
  anchor.kill('SIGKILL');
  await next('anchor-lost');
  const load = constantLoad(port);
  await load.answers(20);
  process.kill(first.supervisor, 'SIGKILL');
  const second = await next('up');
  assert.deepEqual(second.workers, first.workers);
  await load.answers(20);
  assert.deepEqual((await load.stop()).failures, []);
});

test('SIGTERM to the anchor takes everything down in order and leaves nothing behind', async (t) => {
  const { anchor, port, next } = await running(t, POOLS);
  const up = await next('up');
  anchor.kill('SIGTERM');
  const [code] = await once(anchor, 'exit') as [number | null];
  assert.equal(code, 0);
  for (const worker of up.workers ?? []) assert.throws(() => process.kill(worker.pid, 0), { code: 'ESRCH' });
  await assert.rejects(get(port), { code: 'ECONNREFUSED' });
});

test('a supervisor that cannot come up at all is not tried again', async (t) => {
  const { anchor, lines } = await running(t, [app({ script: 'nowhere.js' })]);
  const [code] = await once(anchor, 'exit') as [number | null];
  assert.equal(code, 1);
  assert.ok(!lines.some((line) => line.said === 'restart'));
});

test('a worker that dies while there is no supervisor is replaced by the next one', async (t) => {
  const { next } = await running(t, POOLS);
  const first = await next('up');
  process.kill(first.supervisor, 'SIGSTOP');
  process.kill(first.workers![0]!.pid, 'SIGKILL');
  process.kill(first.supervisor, 'SIGKILL');
  const second = await next('up');
  assert.ok(!second.workers!.some((worker) => worker.pid === first.workers![0]!.pid));
  assert.equal(second.workers!.filter((worker) => worker.id.startsWith('web.v1.')).length, 2);
});
