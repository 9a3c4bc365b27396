// The app under chaos, as ordinary as they come: it knows nothing of ready messages, drains or signals.
const http = require('node:http');
const { GRAYLANE_VERSION, DELAY_MS = '5', BREAK } = process.env;

if (BREAK === 'exits') process.exit(1);
const server = http.createServer((request, response) => {
  if (BREAK === 'throws on first request') throw new Error('broken on purpose');
  if (BREAK === 'fails readiness' && request.url === '/healthz') {
    response.statusCode = 500;
    response.end();
    return;
  }
  let received = 0;
  request.on('data', (chunk) => { received += chunk.length; });
  request.on('end', () => setTimeout(() => {
    response.setHeader('x-version', GRAYLANE_VERSION);
    response.setHeader('x-pid', process.pid);
    response.end(JSON.stringify({ id: request.headers['x-id'], received }));
  }, Number(DELAY_MS)));
});
if (BREAK === 'never listens') setInterval(() => undefined, 60_000);
else server.listen(process.env.PORT);
