// Gives each request 300 ms, and says so itself where it is asked at /heard.
import http from 'node:http';

const server = http.createServer((req, res) => {
  if (req.url === '/heard') res.on('timeout', () => res.end('too slow'));
});
server.timeout = 300;
server.listen(Number(process.env.PORT), '127.0.0.1');
