// The short form of `npm run chaos`: a few rounds of each scenario, on every Node the product runs on.
// Times are the long form's business: here other tests share the machine.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';

import { nodeBinary } from '../../tools/nodes.ts';
import { seeded } from '../../tools/seeded.ts';
import { AGENT_FILE } from './rig.ts';
import { rollingReload } from './rolling-reload.ts';
import { brokenVersion, scaling, supervisorDeath, workerDeath } from './scenarios.ts';
import type { Outcome, Plan } from './scenarios.ts';

const seed = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 1e6));
const skip = existsSync(AGENT_FILE) ? false : `the agent is not built: ${AGENT_FILE}`;

function plan(rounds: number): Plan {
  return { rounds, random: seeded(seed) };
}

function check(outcome: Outcome): void {
  const missed = outcome.missed.filter((line) => !/ only .* ms after /.test(line) && !/came (?:back )?only/.test(line));
  assert.deepEqual(missed, [], `seed ${seed}: ${JSON.stringify(outcome.failures.slice(0, 5))}`);
  assert.ok(outcome.requests > 20, `only ${outcome.requests} answers`);
}

test('supervisors are killed and the next ones reload: no request fails', { skip }, async () => check(await supervisorDeath(plan(2))));
test('killed canary workers cost no idempotent request', { skip }, async () => check(await workerDeath(plan(4), 'v2')));
test('killed stable workers cost what they had in flight at most', { skip }, async () => check(await workerDeath(plan(4), 'v1')));
test('a slot that is given up takes no connection with it', { skip }, async () => check(await scaling(plan(2))));
test('broken versions are refused and nobody notices', { skip }, async () => check(await brokenVersion(plan(4))));

for (const major of ['20', '22', '26']) {
  const node = nodeBinary(major);
  const missing = node === null && `Node ${major} is not installed: node tools/nodes.ts`;
  test(`a rolling reload loses nothing with workers on Node ${major}`, { skip: skip === false ? missing : skip }, async () => check(await rollingReload(plan(2), node)));
}
