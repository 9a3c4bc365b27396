// Two apps that cannot be routed: one with its own cluster, one whose HTTP server never listens.
import cluster from 'node:cluster';
import http from 'node:http';
import net from 'node:net';

const port = Number(process.env.PORT);
const app = http.createServer((req, res) => res.end('raw'));
if (process.env.KIND === 'cluster') {
  if (cluster.isPrimary) cluster.fork();
  else app.listen(port, '127.0.0.1');
} else {
  net.createServer((socket) => app.emit('connection', socket)).listen(port, '127.0.0.1');
}
