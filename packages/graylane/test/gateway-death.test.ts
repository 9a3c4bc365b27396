// A gateway worker is killed: what it had in flight may fail, and nothing else.

import assert from 'node:assert/strict';
import { get } from 'node:http';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { appSource, freePort, Project } from './support/project.ts';

/** The machine is needed for what is tested. */
const PAUSE_MS = 10;
/** Some of them with both again. */
const ANSWERS = 20;

interface Worker { readonly id: string; readonly pid: number; readonly role: string; readonly state: string }

function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => { body += chunk.toString(); });
      response.on('end', () => resolve(body));
      response.on('error', reject);
    }).on('error', reject);
  });
}

test('a killed gateway worker costs what it had in flight, and another one takes its place', { timeout: 200_000 }, async (t) => {
  const port = await freePort();
  const project = new Project({ 'v1.js': appSource('one') });
  t.after(() => project.remove());
  await project.up('./v1.js', '--port', String(port), '--plane', 'gateway', '--gateways', '2');
  const gateways = async (): Promise<readonly Worker[]> => {
    const workers = JSON.parse((await project.run('top', '--once', '--json')).stdout) as readonly Worker[];
    return workers.filter(({ role, state }) => role === 'gateway' && state === 'ready');
  };
  const before = await gateways();
  assert.equal(before.length, 2);

  const outcomes: string[] = [];
  const end = new AbortController();
  t.after(() => end.abort());
  // One after the other: at most one is in flight at the kill. One that the kernel gave to the dead one's socket waits for its successor.
  const client = (async () => {
    while (!end.signal.aborted) {
      outcomes.push(await ask(port).catch((error: unknown) => String(error)));
      await delay(PAUSE_MS);
    }
  })();
  process.kill(before[0]?.pid ?? 0, 'SIGKILL');
  let after = await gateways();
  while (after.length < 2) after = await gateways();
  while (outcomes.length < ANSWERS) await delay(PAUSE_MS);
  end.abort();
  await client;
  assert.ok(outcomes.filter((outcome) => outcome !== 'one').length <= 1, outcomes.filter((outcome) => outcome !== 'one').join('\n'));
  assert.equal(after.filter(({ pid }) => before.some((known) => known.pid === pid)).length, 1);
});
