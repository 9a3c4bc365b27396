// A WebSocket server, or in version v1 a server that has never heard of them (PLAIN).
import http from 'node:http';
import { WebSocketServer } from 'ws';

const version = process.env.GRAYLANE_VERSION ?? 'bare';
let errors = 0;
const server = http.createServer((req, res) => {
  // A socket with its client's address has what a TCP socket has.
  if (req.url === '/reset') return req.socket.on('error', () => errors++).resetAndDestroy();
  if (req.url === '/errors') return res.end(`${version} saw ${errors}`);
  if (req.url === '/listeners') return res.end(['upgrade', 'checkContinue', 'connect'].map((name) => server.listeners(name).length).join());
  return res.end(`${version} plain, upgrade: ${req.headers.upgrade ?? 'none'}`);
});
if (process.env.PLAIN !== version) {
  new WebSocketServer({ server }).on('connection', (socket, req) => {
    socket.send(`${version} ${req.socket.remoteAddress} ${req.url}`);
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
}
server.on('connect', (req, socket) => {
  const listeners = socket.eventNames().filter((name) => typeof name === 'string').join();
  socket.end(`HTTP/1.1 200 Connection Established\r\n\r\n${version} tunnels to ${req.url}, ${listeners}`);
});
server.listen(Number(process.env.PORT), '127.0.0.1');
