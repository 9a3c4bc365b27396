// Many users at once through everything that is shared between requests: pools with too few connections, kept connections,
// retries after broken ones, callbacks, timers and streams. Prints how many requests arrived, and each that carried
// somebody else's stamp. USERS and ROUNDS say how many.
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { createRequire } from 'node:module';
import { once } from 'node:events';
import { PassThrough, Transform, pipeline } from 'node:stream';
import { ask, end, faults, handlers, linesOf } from './rig.mjs';

const users = Number(process.env.USERS);
const rounds = Number(process.env.ROUNDS);
const require = createRequire(process.env.LIBRARIES ?? import.meta.url);

/** Small and seeded: a failing run can be repeated. */
let state = Number(process.env.SEED ?? 1);
const random = () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
const pause = () => new Promise((resolve) => setTimeout(resolve, random() * 4));

// The mirror of this test counts instead of answering: each request says for whom it was made.
const counts = { requests: 0, without: 0, wrong: [] };
function count(rawHeaders, path) {
  const user = /u=([\w-]+)/.exec(path)?.[1];
  const stamps = linesOf(rawHeaders, 'baggage');
  counts.requests += 1;
  const wanted = user === 'nobody' ? '' : `graylane.tags=user=${user},`;
  if (stamps.length === 0 && user !== 'nobody') counts.without += 1;
  else if (stamps.length > 1 || (wanted === '' ? stamps.length > 0 : !stamps[0].includes(wanted))) counts.wrong.push(`${path}: ${stamps.join(' | ')}`);
}

const server = http.createServer((request, response) => {
  // Broken now and then, without an answer: whoever retries does it out of somebody's connection.
  if (request.url.includes('flaky') && random() < 0.3) {
    request.socket.destroy();
    return;
  }
  count(request.rawHeaders, request.url);
  request.resume();
  const answer = () => response.end('x'.repeat(1 + Math.floor(random() * 2000)));
  if (random() < 0.5) answer();
  else setTimeout(answer, random() * 4);
});
server.keepAliveTimeout = 3;
const h2c = http2.createServer();
h2c.on('stream', (stream, headers, _, raw) => {
  count(raw, headers[':path']);
  stream.respond();
  setTimeout(() => stream.end('x'), random() * 3);
});
// A database of the old kind: one connection, answers in the order of the questions, callbacks.
const database = net.createServer((socket) => socket.on('data', (chunk) => setTimeout(() => socket.write(chunk), random() * 2)).on('error', () => undefined));
for (const one of [server, h2c, database]) one.listen(0);
await Promise.all([server, h2c, database].map((one) => once(one, 'listening')));
const url = (user, more = '') => `http://localhost:${server.address().port}/?u=${user}${more}`;

const kept = new http.Agent({ keepAlive: true, maxSockets: 3 });

function viaAgent(target, attempts = 40) {
  return new Promise((resolve, reject) => {
    const request = http.get(target, { agent: kept }, (response) => response.resume().on('end', resolve));
    // In the event itself, as simple retries are written.
    request.on('error', (fault) => (attempts > 1 ? resolve(viaAgent(target, attempts - 1)) : reject(fault)));
  });
}

function viaCallbacks(target) {
  return new Promise((resolve, reject) => {
    http.get(target, { agent: kept }, (response) => {
      response.on('data', () => undefined).on('end', () => {
        http.get(target, { agent: kept }, (second) => second.resume().on('end', resolve)).on('error', () => resolve(viaAgent(target)));
      });
    }).on('error', () => resolve(viaAgent(target).catch(reject)));
  });
}

/** One connection for all, opened by the first. Its callbacks run out of its own events: nobody's, rather than the first user's. */
let connection = null;
const waiting = [];
function query(done) {
  if (connection === null) {
    connection = net.connect(database.address().port, 'localhost');
    let pending = 0;
    connection.on('data', (chunk) => {
      for (pending += chunk.length; pending > 0; pending -= 1) waiting.shift()?.();
    });
  }
  waiting.push(done);
  connection.write('?');
}
const viaDatabase = (user) => new Promise((resolve) => query(resolve)).then(() => viaAgent(url(user)));
/** A request out of the connection's event: whose it is nobody can tell, so it must be nobody's. */
const viaCallbackDatabase = () => new Promise((resolve, reject) => query(() => viaAgent(url('nobody')).then(resolve, reject)));

let session = null;
function viaHttp2(user) {
  session ??= http2.connect(`http://localhost:${h2c.address().port}`);
  return new Promise((resolve, reject) => {
    // The second one starts in an event of the first.
    const first = session.request({ ':path': `/?u=${user}` });
    first.resume().on('error', reject).on('end', () => session.request({ ':path': `/?u=${user}` }).resume().on('end', resolve).on('error', reject));
  });
}

function viaStream(user) {
  return new Promise((resolve, reject) => {
    const source = new PassThrough();
    const calling = new Transform({ transform(chunk, _, done) { viaAgent(url(user)).then(() => done(null, chunk), done); } });
    pipeline(source, calling, new PassThrough().resume(), (fault) => (fault ? reject(fault) : resolve()));
    for (let i = 0; i < 2; i++) setTimeout(() => (i === 1 ? source.end('b') : source.write('a')), i * 2);
  });
}

/** A timer that serves everybody was set by one of them; `run(null, …)` is for what it sends. */
const viaFetch = async (user) => {
  const response = await fetch(url(user), { method: 'POST', body: 'x'.repeat(Math.floor(random() * 50_000)) });
  for await (const _ of response.body) await pause();
  await fetch(url(user));
};

const ways = [
  (user) => viaFetch(user),
  (user) => viaAgent(url(user)),
  (user) => viaAgent(url(user, '&flaky')),
  (user) => viaCallbacks(url(user)),
  viaDatabase,
  viaCallbackDatabase,
  viaHttp2,
  viaStream,
];

// undici as the app installs it: a pool of two connections, in which requests wait, and retries by itself.
if (process.env.LIBRARIES !== undefined) {
  for (const name of (process.env.UNDICIS ?? 'undici').split(',')) {
    const undici = require(name);
    const pool = new undici.Pool(`http://localhost:${server.address().port}`, { connections: 2, pipelining: 1, keepAliveTimeout: 5 });
    ways.push(async (user) => { const { body } = await pool.request({ path: `/?u=${user}`, method: 'GET' }); await body.dump(); });
    ways.push((user) => new Promise((resolve, reject) => pool.request({ path: `/?u=${user}`, method: 'GET' }, (fault, answer) => {
      if (fault) reject(fault);
      else answer.body.on('data', () => undefined).on('end', () => pool.request({ path: `/?u=${user}`, method: 'GET' }).then(({ body }) => body.dump()).then(resolve, reject)).on('error', reject);
    })));
    if (undici.RetryAgent === undefined) continue;
    const retrying = new undici.RetryAgent(new undici.Agent({ connections: 2 }), { minTimeout: 1, maxTimeout: 5, maxRetries: 20 });
    ways.push(async (user) => { const { body } = await undici.request(url(user, '&flaky'), { dispatcher: retrying }); await body.dump(); });
  }
}

handlers.set('/work', async (request) => {
  const user = request.headers['x-user'];
  request.resume();
  await pause();
  const order = [...ways].sort(() => random() - 0.5);
  await Promise.all(order.slice(0, 3).map(async (way) => { await pause(); await way(user); }));
  await order[3](user);
  if (random() < 0.3) await new Promise((resolve) => request.on('close', resolve).destroyed && resolve());
});
handlers.set('/background', async () => { await pause(); await viaAgent(url('nobody')); await viaFetch('nobody'); await viaAgent(url('nobody', '&flaky')); });

let failed = null;
await Promise.all(Array.from({ length: users }, async (_, user) => {
  for (let round = 0; round < rounds; round++) {
    await pause();
    const answer = user % 10 === 0 ? await ask('/background', null) : await ask('/work', `u${user}`, random() < 0.5 ? 'x'.repeat(70_000) : '');
    if (answer?.failed) failed ??= answer.failed;
  }
}));

console.log(JSON.stringify({ ...counts, wrong: counts.wrong.slice(0, 10), wrongs: counts.wrong.length, faults, failed, seed: Number(process.env.SEED ?? 1) }));
end();
process.exit();
