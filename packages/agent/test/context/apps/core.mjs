// Every way out of a process that Node itself has, and every way a context can take inside it, each asked once as `ann`.
// Prints one JSON object: case to outcome, with `[ann]` for the whole stamp of that user.
import http from 'node:http';
import https from 'node:https';
import http2 from 'node:http2';
import net from 'node:net';
import { channel } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable, Transform, pipeline } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ask, contextOf, end, faults, handlers, mirror, plane, seen } from './rig.mjs';

const { lane, tags, run, carry } = await import(process.env.CONTEXT_API);

const key = readFileSync(new URL('../../apps/tls/key.pem', import.meta.url));
const cert = readFileSync(new URL('../../apps/tls/cert.pem', import.meta.url));
const servers = [http.createServer(), https.createServer({ key, cert }), http2.createServer()];
const [plain, secure, h2c] = await Promise.all(servers.map(mirror));
const own = `http://localhost:${plain}`;
const foreign = `http://127.0.0.1:${plain}`;

const text = async (stream) => Buffer.concat(await stream.toArray()).toString();
const answer = (request) => new Promise((resolve, reject) => request.on('error', reject).on('response', (response) => text(response).then(JSON.parse).then(resolve, reject)));
const baggage = async (promise) => (await promise).baggage;
const get = (url, options = {}) => fetch(url, options).then((response) => response.json());
const sent = (url, options) => baggage(get(url, options));
const viaHttp = (...args) => { const request = http.request(...args); const result = baggage(answer(request)); request.end(); return result; };

function h2(authority, headers, body) {
  const session = http2.connect(authority);
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  return text(stream).then(JSON.parse).finally(() => session.close());
}

const kept = new http.Agent({ keepAlive: true, maxSockets: 1 });
const foreignStamp = 'a=1,graylane.lane=forged,graylane.gen=1,graylane.sig=no,b=2;p=x';

const cases = {
  'fetch': () => sent(own),
  'fetch with a body': () => sent(own, { method: 'POST', body: 'x'.repeat(100_000) }),
  'fetch with a stream as its body': () => sent(own, { method: 'POST', body: Readable.toWeb(Readable.from(['a', 'b'])), duplex: 'half' }),
  'fetch to a foreign host': () => sent(foreign),
  'fetch with members of others': () => sent(own, { headers: { Baggage: 'a=1, b=2;p=x' } }),
  'fetch with a stamp of its own': () => sent(own, { headers: { baggage: foreignStamp } }),
  'fetch with a stamp to a foreign host': () => sent(foreign, { headers: { baggage: foreignStamp } }),
  'fetch with nothing but a stamp to a foreign host': () => sent(foreign, { headers: { baggage: 'graylane.lane=x,graylane.sig=y' } }),
  'fetch that is redirected to a foreign host': async () => [await sent(`${own}/to/${encodeURIComponent(foreign)}`), seen.splice(0).map((hop) => hop.baggage)],
  'fetch that a foreign host redirects to us': async () => [await sent(`${foreign}/to/${encodeURIComponent(own)}`), seen.splice(0).map((hop) => hop.baggage)],
  'headers of propagate.headers': async () => [(await get(own)).location, (await get(own, { headers: { 'x-location': 'the app\'s' } })).location, (await get(foreign)).location],
  'http.get of a URL': () => baggage(answer(http.get(own))),
  'http.request of a URL object': () => viaHttp(new URL(own)),
  'http.request of options': () => viaHttp({ host: 'localhost', port: plain, path: '/' }),
  'http.request of a URL and options': () => viaHttp(own, { method: 'POST', headers: { 'x-mark': 'm' } }),
  'http.request with a callback': () => new Promise((resolve) => http.request(own, (response) => text(response).then((body) => resolve(JSON.parse(body).baggage))).end()),
  'http.request with headers as a list': () => viaHttp(own, { headers: ['Host', `localhost:${plain}`, 'X-Mark', 'm'] }),
  'http.request with headers as a list, baggage among them': () => viaHttp(own, { headers: ['Host', `localhost:${plain}`, 'Baggage', 'a=1', 'baggage', 'b=2'] }),
  'http.request with headers as a list to a foreign host': () => viaHttp(foreign, { headers: ['Host', `127.0.0.1:${plain}`, 'Baggage', foreignStamp] }),
  'http.request with headers as a list keeps them': async () => { const request = http.request(own, { headers: ['Host', `localhost:${plain}`, 'X-Mark', 'm'] }); const result = answer(request); request.end(); const { hosts, mark, location } = await result; return [hosts, mark, location]; },
  'http.request with Expect': () => { const request = http.request(own, { method: 'POST', headers: { Expect: '100-continue' } }); const result = baggage(answer(request)); request.on('continue', () => request.end('x')); request.flushHeaders(); return result; },
  'http.request whose headers are set later': () => { const request = http.request(own); request.setHeader('X-Mark', 'm'); const result = baggage(answer(request)); request.end(); return result; },
  'http.request with a list and Expect': () => { const request = http.request(own, { method: 'POST', headers: ['Host', `localhost:${plain}`, 'Expect', '100-continue', 'Transfer-Encoding', 'chunked'] }); const result = baggage(answer(request)); request.on('continue', () => request.end('x')); request.flushHeaders(); return result; },
  'http.request whose baggage is set later': () => { const request = http.request(own); request.setHeader('Baggage', 'a=1'); const result = baggage(answer(request)); request.end(); return result; },
  'http.request that is written to by nobody': () => { const request = http.request(own, { method: 'POST' }); const result = baggage(answer(request)); run(null, () => request.end('x')); return result; },
  'http.request to a foreign host': () => viaHttp(foreign, { headers: { baggage: ['a=1', 'graylane.lane=x'] } }),
  'http.request that names another host': () => viaHttp({ host: '127.0.0.1', port: plain, headers: { Host: 'localhost' } }),
  'http.request through a pool that is busy': () => Promise.all([1, 2, 3].map(() => viaHttp(own, { agent: kept }))),
  'https.request': () => { const request = https.request(`https://localhost:${secure}`, { rejectUnauthorized: false }); const result = baggage(answer(request)); request.end(); return result; },
  'http2 with an object': () => baggage(h2(`http://localhost:${h2c}`, { ':path': '/', 'baggage': 'a=1' })),
  'http2 without headers': () => baggage(h2(`http://localhost:${h2c}`)),
  'http2 with a body': () => baggage(h2(`http://localhost:${h2c}`, { ':method': 'POST' }, 'x')),
  'http2 to a foreign host': () => baggage(h2(`http://127.0.0.1:${h2c}`, { baggage: foreignStamp })),
  'http2 that names another host': () => baggage(h2(`http://127.0.0.1:${h2c}`, { ':authority': 'localhost' })),
  'after await and timers': async () => { await sleep(1); await readFile(new URL(import.meta.url)); await new Promise((resolve) => setImmediate(() => process.nextTick(() => queueMicrotask(resolve)))); return sent(own); },
  'in a listener': () => new Promise((resolve) => { const emitter = new EventEmitter(); emitter.on('go', () => resolve(sent(own))); setTimeout(() => emitter.emit('go'), 1); }),
  'in a stream': () => new Promise((resolve, reject) => pipeline(Readable.from(['a']), new Transform({ transform(chunk, _, done) { sent(own).then((result) => done(null, JSON.stringify(result)), done); } }), async (source) => { for await (const chunk of source) resolve(JSON.parse(chunk)); }, (fault) => fault && reject(fault))),
  'the public API': async () => { await sleep(1); return [lane(), tags(), carry({ baggage: 'a=1', other: 'x' })]; },
  'run in no lane': () => run(null, () => sent(own)),
  'run with what was carried': async () => { const carried = carry(); return run(null, () => run({ Baggage: carried.baggage, 'X-Location': Buffer.from('elsewhere') }, async () => [lane(), (await get(own)).baggage, (await get(own)).location])); },
  'run with a forged stamp': () => run({ baggage: 'graylane.lane=x,graylane.gen=7,graylane.tags=user=x,graylane.sig=forged' }, async () => [lane(), await sent(own)]),
  'a worker thread': () => inThread({ carried: carry(), own, foreign }),
  'a worker thread without a file': () => inThread({ carried: carry(), own, foreign }, true),
};

function inThread(workerData, bare = false) {
  const file = new URL('thread.mjs', import.meta.url);
  const worker = bare ? new Worker(`import(${JSON.stringify(file.href)})`, { eval: true, workerData }) : new Worker(file, { workerData });
  return once(worker, 'message').then(([message]) => message);
}

/** What an incoming request says later belongs to it as well. */
const exchanges = {
  'in the events of a body': (request) => new Promise((resolve) => request.on('data', () => undefined).on('end', () => resolve(sent(own)))),
  'in a body read by chunks': async (request) => { for await (const _ of request) void _; return sent(own); },
  'when the response has been sent': (_, response) => { response.on('finish', () => void sent(own).then((result) => late.push(result))); return 'later'; },
};
const late = [];

const outcomes = {};
for (const [name, work] of Object.entries({ ...cases, ...exchanges })) {
  handlers.set('/case', work);
  outcomes[name] = await ask('/case', 'ann', name in exchanges ? 'a body' : '');
}
while (late.length === 0) await sleep(1);
outcomes['when the response has been sent'] = late[0];

handlers.set('/none', async () => [await sent(own), await sent(foreign), lane(), tags(), carry({ a: '1' }), await sent(own, { headers: { baggage: 'a=1' } })]);
outcomes['a request without a stamp'] = await ask('/none', null);

outcomes['an upgraded connection'] = await upgraded();
outcomes['a stream of HTTP/2 that came in'] = await incoming2();

// As OpenTelemetry does: it carries on what came in, after us, and to every host.
const adding = ({ request }) => request.addHeader('baggage', foreignStamp);
channel('undici:request:create').subscribe(adding);
handlers.set('/adding', async () => [await sent(own), await sent(foreign)]);
outcomes['somebody else adds baggage after us'] = await ask('/adding', 'ann');
channel('undici:request:create').unsubscribe(adding);

handlers.set('/limits', async () => {
  const [many] = await sent(own, { headers: { baggage: Array.from({ length: 64 }, (_, n) => `m${n}=1`).join(',') } });
  const [long] = await sent(own, { headers: { baggage: `a=${'x'.repeat(4000)},b=${'x'.repeat(4000)},c=${'x'.repeat(200)}` } });
  return [many.split(',').length, many.includes('graylane.lane=lane-ann'), long.length <= 8192, long.includes('graylane.lane=lane-ann'), /,b=x/.test(long), /,c=x/.test(long)];
});
outcomes['limits of baggage'] = await ask('/limits', 'ann');
plane.follow([`LOCALHOST:${plain}`], []);
handlers.set('/ports', async () => [await sent(own), await baggage(h2(`http://localhost:${h2c}`))]);
outcomes['hosts with a port'] = await ask('/ports', 'ann');
plane.follow([], []);
outcomes['a strategy without hosts'] = await ask('/ports', 'ann');
outcomes['faults'] = faults;

/** A chat server: what comes over the connection later belongs to the one who opened it. */
async function upgraded() {
  const server = http.createServer();
  server.on('upgrade', (request, socket) => plane.enter(contextOf('ann'), [request, socket], () => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    socket.on('data', () => void sent(own).then((result) => socket.end(JSON.stringify(result))));
  }));
  server.listen(0);
  await once(server, 'listening');
  const socket = net.connect(server.address().port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  await once(socket, 'data');
  socket.write('ping');
  const result = JSON.parse(String((await once(socket, 'data'))[0]));
  server.close();
  return result;
}

/** Both the stream and Node's compatibility layer over it. */
async function incoming2() {
  const results = [];
  const server = http2.createServer((request, response) => {
    request.on('data', () => undefined).on('end', () => void sent(own).then((result) => { results.push(result); response.end(); }));
  });
  const emit = server.emit;
  server.emit = (event, stream, ...rest) => {
    if (event !== 'stream') return emit.call(server, event, stream, ...rest);
    return plane.enter(contextOf('ann'), [stream], () => {
      stream.on('end', () => void sent(own).then((result) => results.push(result)));
      return emit.call(server, event, stream, ...rest);
    });
  };
  server.listen(0);
  await once(server, 'listening');
  await h2(`http://127.0.0.1:${server.address().port}`, { ':method': 'POST' }, 'x').catch(() => undefined);
  while (results.length < 2) await sleep(1);
  server.close();
  return results;
}

console.log(JSON.stringify(outcomes).replaceAll(/graylane\.lane=lane-(\w+),graylane\.gen=7,graylane\.tags=user=\w+,graylane\.sig=seal/g, '[$1]'));
end();
kept.destroy();
for (const server of servers) server.close();
process.exit();
