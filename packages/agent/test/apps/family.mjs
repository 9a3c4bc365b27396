// Starts a child in each way that Node has, and tells what each one found of the agent.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { Worker } from 'node:worker_threads';

const look = 'JSON.stringify({ brief: process.env.GRAYLANE_AGENT ?? null, agent: Symbol.for("graylane.agent") in globalThis })';

async function spawned() {
  const child = spawn(process.execPath, ['-p', look], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [text] = await once(child.stdout, 'data');
  return JSON.parse(text);
}

async function forked() {
  const child = fork(new URL('child.mjs', import.meta.url));
  const [message] = await once(child, 'message');
  child.disconnect();
  return message;
}

async function threaded() {
  const worker = new Worker(new URL('child.mjs', import.meta.url));
  const [message] = await once(worker, 'message');
  return message;
}

http.createServer((req, res) => res.end('family')).listen(Number(process.env.PORT), '127.0.0.1', async () => {
  process.send({ own: JSON.parse(eval(look)), spawned: await spawned(), forked: await forked(), threaded: await threaded() });
});
