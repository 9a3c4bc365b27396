// Runs on every Node: exchanges through the built package, over a real socket, printed as JSON. Plain JavaScript, for Node 20 reads nothing else.
import { once } from 'node:events';
import * as http from 'node:http';
import * as net from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { Forwarder, supportsRaw } = await import(process.argv[2]);
const folder = mkdtempSync(join(tmpdir(), 'gl-'));
const path = join(folder, 'app.sock');
const app = http.createServer((req, res) => {
  let body = '';
  req.on('data', (chunk) => body += chunk);
  req.on('end', () => {
    res.sendDate = false;
    if (req.url === '/hints') res.writeEarlyHints({ link: '</a>; rel=preload' });
    if (req.url === '/trailers') {
      res.setHeader('Trailer', 'X-Sum');
      res.write('a');
      res.addTrailers({ 'X-Sum': '1' });
    }
    if (req.url === '/304') res.statusCode = 304;
    res.end(req.url === '/304' ? undefined : `${req.method} ${req.url} ${body}`);
  });
});
app.listen(path);
await once(app, 'listening');

const REQUESTS = [
  'GET /a HTTP/1.1\r\nHost: a\r\n\r\n', 'HEAD /b HTTP/1.1\r\nHost: a\r\n\r\n', 'GET /304 HTTP/1.1\r\nHost: a\r\n\r\n',
  'POST /c HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi', 'POST /d HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
  'GET /hints HTTP/1.1\r\nHost: a\r\n\r\n', 'GET /trailers HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
];
const TOO_MANY = `POST /too-many HTTP/1.1\r\nHost: a\r\n${'A: b\r\n'.repeat(2_100)}Content-Length: 2\r\n\r\nhi`;

/** All answers on one connection, pipelined, so that order counts. */
async function answers(raw) {
  const forwarder = new Forwarder({ hop: 'transparent', raw });
  forwarder.setUpstreams('v2', [{ key: 'a', address: { path } }]);
  const front = http.createServer((req, res) => forwarder.forward('v2', req, res, ''));
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  const { port } = front.address();
  const text = await exchange(port, REQUESTS.join('')) + await exchange(port, TOO_MANY);
  front.close();
  forwarder.close();
  return text;
}

async function exchange(port, request) {
  const socket = net.connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => text += chunk.toString('latin1'));
  socket.on('error', () => undefined);
  socket.write(request);
  await once(socket, 'close');
  return text;
}

const printed = { raw: supportsRaw(), answers: await answers(true), plain: await answers(false) };
app.close();
rmSync(folder, { recursive: true, force: true });
console.log(JSON.stringify(printed));
