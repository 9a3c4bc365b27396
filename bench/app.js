// The app of the benchmark: as little work as a Node server can do, and an echo to check that a proxy in front is whole.

import { createServer } from 'node:http';

const { BUILD = 'v1', PORT = '3000', REUSE_PORT } = process.env;
const body = `${BUILD}\n`;

const server = createServer((request, response) => {
  if (request.method === 'POST') {
    response.setHeader('X-Build', BUILD);
    response.setHeader('X-Echo', request.headers['x-echo'] ?? '');
    request.pipe(response);
    return;
  }
  response.end(body);
});

// A number is a port, anything else the path of a Unix socket.
if (/^\d+$/.test(PORT)) server.listen({ port: Number(PORT), host: '127.0.0.1', reusePort: REUSE_PORT === '1' });
else server.listen(PORT);
