// A server that does what its environment asks: the one app of the pool's tests.
const http = require('node:http');
const how = process.env;
class LeakedThing { constructor() { this.ballast = 'x'.repeat(100) + Math.random(); } }
console.log(`starting ${how.GRAYLANE_VERSION} as ${how.GRAYLANE_ROLE}`);
if (how.CRASH_AT_START) {
  console.error('cannot find the database');
  process.exit(7);
}
const server = http.createServer((request, response) => {
  if (request.url === '/crash') process.exit(3);
  if (request.url === '/deaf') globalThis.deaf = true;
  if (request.url === '/fat') globalThis.pretendRss = 2 ** 40;
  if (request.url === '/leak') globalThis.leaked = Array.from({ length: 1000 }, () => new LeakedThing());
  if (request.url === '/busy') globalThis.pretendBusy = 1;
  if (request.url === '/healthz') response.statusCode = how.UNHEALTHY ? 500 : 200;
  const body = JSON.stringify({ version: how.GRAYLANE_VERSION, uid: process.getuid(), pid: process.pid, cwd: process.cwd(), args: process.argv.slice(2), note: how.NOTE ?? null, node: process.versions.node });
  setTimeout(() => response.end(body), Number(how.DELAY_MS ?? 0));
});
if (how.RAW) require('node:net').createServer((socket) => server.emit('connection', socket)).listen(Number(how.PORT));
else if (!how.NEVER_LISTEN) server.listen(Number(how.PORT));
else setInterval(() => undefined, 1000);
server.on('listening', () => { if (how.SAY_READY) process.send('ready'); });
if (how.RIVAL_PORT) {
  const { spawn } = require('node:child_process');
  const env = { ...process.env, RIVAL_PORT: '', GRAYLANE_AGENT: '' };
  delete env.GRAYLANE_AGENT;
  spawn(process.execPath, ['-e', `require('net').createServer().listen(${how.RIVAL_PORT}, () => { process.stdout.write('up\\n') }); setTimeout(() => process.exit(), 20000)`], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    .stdout.once('data', () => server.listen(Number(how.PORT)));
}
if (how.IGNORE_SIGTERM) process.on('SIGTERM', () => console.log('ignored SIGTERM'));
