// Dives until the stack is full, in the ways in which apps do, and answers with what came of it.
import { AsyncLocalStorage } from 'node:async_hooks';
import http from 'node:http';

const store = new AsyncLocalStorage();
const name = (error) => error?.constructor?.name ?? 'none';

const ways = {
  '/plain': (request, response) => response.end('plain'),
  '/recursion'(request, response) {
    const dive = (depth) => dive(depth + 1) + 1;
    response.end(caught(() => dive(0)));
  },
  '/contexts'(request, response) {
    const dive = (depth) => store.run(depth, () => dive(depth + 1) + 1);
    response.end(store.run('outside', () => `${caught(() => dive(0))} ${store.getStore()}`));
  },
  async '/awaits'(request, response) {
    const dive = async (depth) => (depth === 0 ? store.getStore() : store.run(depth, async () => {
      await null;
      return dive(depth - 1);
    }));
    response.end(`reached ${await dive(5_000)}`);
  },
  '/events'(request, response) {
    request.dives = (request.dives ?? 0) + 1;
    if (request.dives === 500) response.end('at the bottom');
    else server.emit('request', request, response);
  },
  '/endless-events'(request, response) {
    const top = request.dives === undefined;
    request.dives = 1;
    if (!top) server.emit('request', request, response);
    else response.end(caught(() => server.emit('request', request, response)));
  },
  // On the way up from a full stack, what needs most of it is tried at each step until there is room.
  '/headers'(request, response) {
    rise(() => response.setHeader('x-deep', 'set'));
    response.end(String(response.getHeader('x-deep')));
  },
  '/outgoing'(request, response) {
    rise(() => http.get({ port: server.address().port, path: '/plain', agent: false }, async (answer) => {
      let body = '';
      for await (const chunk of answer) body += chunk;
      response.end(`got ${body}`);
    }));
  },
};

function caught(work) {
  try {
    return `returned ${work()}`;
  } catch (error) {
    return `threw ${name(error)}`;
  }
}

function rise(work) {
  let done = false;
  const dive = () => {
    try {
      dive();
    } catch {
      // Full; here may be room again.
    }
    if (done) return;
    work();
    done = true;
  };
  dive();
}

const server = http.createServer((request, response) => ways[request.url](request, response));
server.listen(Number(process.env.PORT), '127.0.0.1', () => process.send?.({ port: server.address().port }));
