// Version 2 of a small shop on node:http alone: early hints, trailers, uploads that may be refused beforehand.

import { createServer } from 'node:http';

const UPLOAD_LIMIT_BYTES = 1_000_000;
const items = [{ id: 1, name: 'lamp', price: 30, currency: 'EUR' }, { id: 2, name: 'chair', price: 80, currency: 'EUR' }];

const routes = {
  'GET /': (req, res) => {
    res.setHeader('Content-Type', 'text/plain');
    res.end('plain shop, version 2\n');
  },
  'GET /items': (req, res) => {
    res.setHeader('ETag', '"items-2"');
    if (req.headers['if-none-match'] === '"items-2"') res.writeHead(304).end();
    else res.setHeader('Content-Type', 'application/json').end(JSON.stringify(items));
  },
  'POST /echo': (req, res) => {
    res.setHeader('Content-Type', req.headers['content-type'] ?? 'application/octet-stream');
    req.pipe(res);
  },
  'GET /stream': (req, res) => {
    res.setHeader('Content-Type', 'text/plain');
    for (const line of ['one\n', 'two\n']) res.write(line);
    res.end('three\n');
  },
  'GET /trailers': (req, res) => {
    res.setHeader('Trailer', 'X-Checksum');
    res.write('body\n');
    res.addTrailers({ 'X-Checksum': 'abc' });
    res.end();
  },
  'GET /hints': (req, res) => {
    res.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' }, () => res.end('hinted\n'));
  },
  'GET /cookies': (req, res) => {
    res.setHeader('Set-Cookie', ['a=1; Path=/', 'b=2; Path=/']);
    res.end('cookies\n');
  },
  'GET /client': (req, res) => {
    res.setHeader('Content-Type', 'application/json');
    res.end(JSON.stringify({ address: req.socket.remoteAddress, secure: req.socket.encrypted === true, host: req.headers.host }));
  },
};

const server = createServer((req, res) => {
  const method = req.method === 'HEAD' ? 'GET' : req.method;
  const route = routes[`${method} ${req.url.split('?', 1)[0]}`];
  if (route === undefined) res.writeHead(404, { 'Content-Type': 'text/plain' }).end('no such page\n');
  else route(req, res);
});

server.on('checkContinue', (req, res) => {
  if (Number(req.headers['content-length'] ?? 0) > UPLOAD_LIMIT_BYTES) {
    res.writeHead(413, { Connection: 'close' }).end('too large\n');
    return;
  }
  res.writeContinue();
  server.emit('request', req, res);
});

server.listen(Number(process.env.PORT ?? 3000));
