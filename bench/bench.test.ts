// The short form of `npm run bench`: the program runs, checks its contestants and prints figures. It judges no figure.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { it } from 'node:test';
import { ensureDebian } from '../tools/system.ts';

const presence = ensureDebian(['wrk']);

it('the benchmark prints CPU a request, its ratio to bare, throughput and latency', { skip: presence.kind === 'absent' && presence.why }, () => {
  const args = [join(import.meta.dirname, 'main.ts'), '--only', 'TD on undici 5 ', '--rounds', '1', '--seconds', '1', '--warmup', '1', '--print'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
  assert.equal(status, 0, stderr);
  for (const name of ['bare', 'TD on undici 5 %']) {
    const cells = stdout.split('\n').find((line) => line.startsWith(`| ${name} |`))?.split('|').map((cell) => cell.trim());
    assert.ok(cells, stdout);
    const [, , cpu, ratio, , rate, p50, p99] = cells;
    assert.ok(Number(cpu) > 1 && Number(ratio) >= 1 && Number(rate?.replaceAll(',', '')) > 100 && Number(p50) <= Number(p99), stdout);
  }
});
