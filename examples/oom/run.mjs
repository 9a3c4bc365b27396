// Loads the TD server for a while, takes a heap snapshot before and after, and prints what has grown.
// node examples/oom/run.mjs [clients] [seconds]

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as after } from 'node:timers/promises';

import { diffHeaps, formatGrowth, parseSnapshot, takeHeapSnapshot } from '@graylane/pool';

const clients = Number(process.argv[2] ?? 400);
const seconds = Number(process.argv[3] ?? 10);
const folder = mkdtempSync(path.join(tmpdir(), 'graylane-oom-'));
const [handlerPort, port] = [await freePort(), await freePort()];
const handler = start('handler.cjs', { PORT: String(handlerPort) });
const td = start('td.cjs', { PORT: String(port), HANDLER: String(handlerPort) });

try {
  while (!(await request())) await after(50);
  const [before, later] = [path.join(folder, 'before.heapsnapshot'), path.join(folder, 'after.heapsnapshot')];
  await takeHeapSnapshot(td, before);
  const load = Array.from({ length: clients }, impatientClient);
  await after(seconds * 1_000);
  await takeHeapSnapshot(td, later);
  const grown = diffHeaps(parseSnapshot(readFileSync(before, 'utf8')), parseSnapshot(readFileSync(later, 'utf8')), 12);
  console.log(formatGrowth(grown.filter((growth) => !growth.constructor.startsWith('('))));
  for (const client of load) client.stop();
} finally {
  td.child.kill();
  handler.child.kill();
  rmSync(folder, { recursive: true });
}

function start(script, env) {
  const logFile = path.join(folder, `${script}.log`);
  const log = openSync(logFile, 'a');
  const child = spawn(process.execPath, ['--inspect-port=127.0.0.1:0', path.join(import.meta.dirname, script)], { env: { ...process.env, ...env }, stdio: ['ignore', log, log] });
  return { id: script, pid: child.pid, logFile, child };
}

/** Gives up after two seconds and comes back at once, as browsers and load generators do. */
function impatientClient() {
  let going = true;
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const loop = async () => {
    while (going) await request(agent, 2_000);
    agent.destroy();
  };
  void loop();
  return { stop: () => { going = false; } };
}

function request(agent = false, timeout = 5_000) {
  return new Promise((resolve) => {
    const sent = http.get({ host: '127.0.0.1', port, agent, timeout }, (response) => {
      response.resume();
      response.once('close', () => resolve(true));
    });
    sent.once('timeout', () => sent.destroy());
    sent.once('error', () => resolve(false));
  });
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const found = server.address().port;
  server.close();
  await once(server, 'close');
  return found;
}
