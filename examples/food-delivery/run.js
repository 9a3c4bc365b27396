// One command for the whole: the delivery processes, `graylane up` for the two Node services, and the sidecar of delivery.
// Ends everything on Ctrl-C.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';

const here = import.meta.dirname;
const graylane = fileURLToPath(new URL('../bin/graylane.js', import.meta.resolve('graylane')));
const ports = { ORDER_PORT: '8080', RESTAURANT_PORT: '8081', DELIVERY_PORT: '8082', OUTBOUND: '8083', DELIVERY_APPS: '9001,9002,9003', ...process.env };
const environment = { ...ports, RESTAURANT: `http://127.0.0.1:${ports.RESTAURANT_PORT}`, DELIVERY: `http://127.0.0.1:${ports.DELIVERY_PORT}` };
const children = [];
let ending = false;

function start(command, args, more = {}, isShown = true) {
  const child = spawn(command, args, { cwd: here, env: { ...environment, ...more }, stdio: ['ignore', 'pipe', 'inherit'] });
  if (isShown) child.stdout.on('data', (chunk) => process.stdout.write(chunk));
  else child.stdout.resume();
  child.once('exit', (code) => { if (!ending) end(`${args.join(' ')} ended with ${code}`); });
  children.push(child);
  return child;
}

async function says(child, words) {
  for await (const [chunk] of on(child.stdout)) if (String(chunk).includes(words)) return;
}

async function* on(stream) {
  for (;;) yield await once(stream, 'data');
}

async function end(why) {
  if (ending) return;
  ending = true;
  if (why !== '') console.error(why);
  // The newest first: whoever sends to another one goes before it.
  for (const child of children.toReversed()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }
  process.exit(why === '' ? 0 : 1);
}

async function accepts(port) {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const open = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false, () => false)]).catch(() => false);
    socket.destroy();
    if (open) return;
    await new Promise((next) => setTimeout(next, 50));
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void end(''));

mkdirSync(`${here}/data`, { recursive: true });
const apps = environment.DELIVERY_APPS.split(',');
for (const [index, VERSION] of ['v1', 'android', 'beijing'].entries()) {
  start('python3', ['-B', 'delivery/server.py'], { VERSION, PORT: apps[index], DELIVERY_STORE: `${here}/data/trips.db` });
}
await Promise.all(apps.map(accepts));
// Its JSON is for us alone.
const up = start(process.execPath, [graylane, 'up', '--json'], {}, false);
await says(up, '"ready":true');
const sidecar = start(process.execPath, [graylane, '--project', here, 'sidecar', 'delivery', '--outbound', environment.OUTBOUND]);
await says(sidecar, 'sidecar of delivery');
console.log(`order on ${ports.ORDER_PORT}, restaurant on ${ports.RESTAURANT_PORT}: everything serves\nin another terminal: npm run who, or open http://127.0.0.1:${ports.ORDER_PORT}/`);
