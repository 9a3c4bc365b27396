// Hangs up in every way that an app can, says how often, and takes no more than LIMIT requests on one connection.
import http from 'node:http';

let hangups = 0;
const ways = {
  '/destroy-response': (req, res) => res.destroy(),
  '/destroy-request': (req) => req.destroy(),
  '/destroy-socket': (req) => req.socket.destroy(),
  '/end-socket': (req) => req.socket.end(),
  '/destroy-headed': (req, res) => res.writeHead(200).destroy(),
  '/destroy-begun': (req, res) => {
    res.write('begun');
    res.destroy();
  },
  '/destroy-later': (req) => setImmediate(() => req.socket.destroy()),
};
const server = http.createServer((req, res) => {
  if (req.url === '/count') return res.end(String(hangups));
  const way = ways[req.url ?? ''];
  if (way === undefined) return res.end(process.env.GRAYLANE_VERSION);
  hangups += 1;
  return req.method === 'POST' ? req.once('data', () => way(req, res)) : way(req, res);
});
server.on('upgrade', (req, socket) => {
  hangups += 1;
  if (req.url === '/end-socket') socket.end();
  else socket.destroy();
});
server.maxRequestsPerSocket = Number(process.env.LIMIT ?? 0);
server.listen(Number(process.env.PORT), '127.0.0.1');
