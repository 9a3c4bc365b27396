// A service in a container: answers with its version, says whether it is ready, and on SIGTERM finishes what it has.
import { createServer } from 'node:http';

const version = process.env.VERSION ?? 'v1';
let draining = false;

const server = createServer((request, response) => {
  if (request.url === '/healthz') {
    response.statusCode = draining ? 503 : 200;
    response.end();
    return;
  }
  // Each answer is the last of its connection from now on.
  if (draining) response.setHeader('connection', 'close');
  response.end(`${version}\n`);
});
// Above the time that the gateway keeps a connection idle (4 s), so that it is never this side that closes one in use.
server.keepAliveTimeout = 30_000;
server.listen(process.env.PORT ?? 3000, () => console.log(`${version} on ${server.address().port}`));

/** So long the gateway may take to notice: its health check fails twice, two seconds apart. */
const NOTICE_MS = Number(process.env.NOTICE_MS ?? 5_000);

process.on('SIGTERM', () => {
  draining = true;
  setTimeout(() => server.close(() => process.exit(0)), NOTICE_MS);
});
