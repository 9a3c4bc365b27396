// Version 1 of a chat on ws: says what you say, version first.

import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const server = createServer((req, res) => {
  res.setHeader('Content-Type', 'text/plain');
  res.end('a WebSocket lives at /chat, version 1\n');
});
const sockets = new WebSocketServer({ server, path: '/chat' });

sockets.on('connection', (socket) => {
  socket.send('hello from version 1');
  socket.on('message', (data, isBinary) => {
    if (isBinary) socket.send(data);
    else socket.send(`v1: ${data}`);
  });
});

server.listen(Number(process.env.PORT ?? 3000));
