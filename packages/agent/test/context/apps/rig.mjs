// A process with the plane and nothing else of the agent: a front server that enters each request in the context its
// `x-user` header asks for, and a server that tells what it was sent.
// The strategy's own host is `localhost`; `127.0.0.1` is the same machine under a name that is none of ours.
import http from 'node:http';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const file = process.env.CONTEXT_FILE ?? fileURLToPath(new URL('../../../dist/context.cjs', import.meta.url));
const { createPlane } = createRequire(import.meta.url)(file);

export const faults = [];

export function contextOf(user) {
  const lane = user === 'stable' ? '' : `lane-${user}`;
  return { lane: lane || null, generation: 7, tags: { user }, baggage: `graylane.lane=${lane},graylane.gen=7,graylane.tags=user=${user},graylane.sig=seal`, headers: [['x-location', `at-${user}`]] };
}

/** As an agent that believes one seal. */
function adopt(baggage) {
  const user = /graylane\.tags=user=([\w-]*)/.exec(baggage)?.[1];
  return user !== undefined && /graylane\.sig=seal(,|$)/.test(baggage) ? contextOf(user) : null;
}

export const plane = createPlane({ adopt, fault: (place, fault) => faults.push(`${place}: ${fault?.stack ?? fault}`) }, file);
plane.follow(['localhost'], ['x-location']);

/** Lines of one name as they were sent. */
export function linesOf(rawHeaders, name) {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1].toLowerCase() === name);
}

/** Every test that starts from a request runs in here, by path. */
export const handlers = new Map();

const front = http.createServer((request, response) => {
  const handler = handlers.get(request.url);
  const run = () => {
    Promise.resolve().then(() => handler(request, response)).then(
      (value) => response.end(JSON.stringify(value ?? null)),
      (fault) => response.end(JSON.stringify({ failed: String(fault?.stack ?? fault) })),
    );
  };
  const user = request.headers['x-user'];
  if (user === undefined) run();
  else plane.enter(contextOf(user), [request, response], run);
});
front.keepAliveTimeout = 30_000;
front.listen(0, '127.0.0.1');
await once(front, 'listening');

const clients = new http.Agent({ keepAlive: true, maxSockets: 16 });

/** Sends a request of `user` (null: no stamp) to the front and returns what its handler made of it. */
export function ask(path, user, body = '', more = {}) {
  return new Promise((resolve, reject) => {
    const headers = { ...more, ...(user === null ? {} : { 'x-user': user }), 'content-length': Buffer.byteLength(body) };
    const request = http.request({ host: '127.0.0.1', port: front.address().port, path, method: body === '' ? 'GET' : 'POST', headers, agent: clients }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => text += chunk).on('end', () => resolve(JSON.parse(text)));
    });
    request.on('error', reject).end(body);
  });
}

/** Answers with what it was sent; `/to/URL` redirects. */
export async function mirror(server) {
  server.on('request', (request, response) => {
    request.resume();
    if (request.url.startsWith('/to/')) {
      seen.push({ at: request.headers.host ?? request.headers[':authority'], baggage: linesOf(request.rawHeaders, 'baggage') });
      response.writeHead(302, { location: decodeURIComponent(request.url.slice(4)) }).end();
      return;
    }
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ baggage: linesOf(request.rawHeaders, 'baggage'), location: linesOf(request.rawHeaders, 'x-location'), hosts: linesOf(request.rawHeaders, 'host').length, mark: request.headers['x-mark'] ?? null }));
  });
  server.listen(0);
  await once(server, 'listening');
  return server.address().port;
}

/** What redirecting servers were sent, in order. */
export const seen = [];

export function end() {
  front.close();
  front.closeAllConnections();
  clients.destroy();
}
