// Gives each request 300 ms, and says so itself where it is asked at /heard; other paths have bodies of some size.
import http from 'node:http';

const bodies = { '/large': 'x'.repeat(16_000_000), '/some': 'x'.repeat(20_000) };
const server = http.createServer((req, res) => {
  const body = bodies[req.url ?? ''];
  if (body !== undefined) res.end(body);
  else if (req.url === '/heard') res.on('timeout', () => res.end('too slow'));
});
server.timeout = 300;
// What an app says by itself need not be as Node would say it.
server.listen(Number(process.env.PORT), '127.0.0.1', () => server.emit('timeout'));
