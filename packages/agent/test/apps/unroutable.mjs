// Apps that cannot be routed: with their own cluster, of either policy, and with an HTTP server that never listens.
import cluster from 'node:cluster';
import http from 'node:http';
import net from 'node:net';

const port = Number(process.env.PORT);
const app = http.createServer((req, res) => res.end('raw'));
if (process.env.KIND === 'unscheduled') cluster.schedulingPolicy = cluster.SCHED_NONE;
if (process.env.KIND !== 'raw') {
  if (cluster.isPrimary) cluster.fork().on('online', () => process.send('forked'));
  else app.listen(port, '127.0.0.1');
} else {
  net.createServer((socket) => app.emit('connection', socket)).listen(port, '127.0.0.1');
}
