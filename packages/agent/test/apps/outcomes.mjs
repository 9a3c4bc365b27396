// Ends its answers in every way: by status, by breaking off, late, never, as a stream of events.
import http from 'node:http';
import http2 from 'node:http2';

const answer = (req, res) => {
  const { pathname } = new URL(req.url, 'http://x');
  const status = /^\/status\/(\d+)$/.exec(pathname);
  if (status !== null) {
    res.writeHead(Number(status[1]));
    res.end('x');
  } else if (pathname === '/broken') {
    res.writeHead(200, { 'Content-Length': 10 });
    res.write('12345', () => res.destroy());
  } else if (pathname === '/silent') {
    res.flushHeaders();
  } else if (pathname === '/events') {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    res.write('data: 1\n\n');
  } else if (pathname !== '/never') {
    res.end(process.env.GRAYLANE_VERSION);
  }
};
const server = process.env.KIND === 'h2c' ? http2.createServer(answer) : http.createServer(answer);
server.listen(Number(process.env.PORT), '127.0.0.1', () => process.send?.('ready'));
