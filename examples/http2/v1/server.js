// Version 1 of a small shop on node:http2: cleartext, or TLS with HTTP/1.1 beside it when TLS_KEY and TLS_CERT name files.

import { readFileSync } from 'node:fs';
import { createSecureServer, createServer } from 'node:http2';

const items = [{ id: 1, name: 'lamp', price: 30 }, { id: 2, name: 'chair', price: 80 }];

const routes = {
  'GET /': (req, res) => {
    res.setHeader('content-type', 'text/plain');
    res.end('http2 shop, version 1\n');
  },
  'GET /items': (req, res) => {
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify(items));
  },
  'POST /echo': (req, res) => {
    res.setHeader('content-type', req.headers['content-type'] ?? 'application/octet-stream');
    req.pipe(res);
  },
  'GET /stream': (req, res) => {
    for (const line of ['one\n', 'two\n']) res.write(line);
    res.end('three\n');
  },
  'GET /client': (req, res) => {
    res.setHeader('content-type', 'application/json');
    res.end(JSON.stringify({ address: req.socket.remoteAddress, secure: req.socket.encrypted === true, http: req.httpVersion }));
  },
};

function shop(req, res) {
  const method = req.method === 'HEAD' ? 'GET' : req.method;
  const route = routes[`${method} ${req.url.split('?', 1)[0]}`];
  if (route !== undefined) {
    route(req, res);
    return;
  }
  res.statusCode = 404;
  res.end('no such page\n');
}

const { TLS_KEY, TLS_CERT, PORT } = process.env;
const server = TLS_KEY && TLS_CERT
  ? createSecureServer({ key: readFileSync(TLS_KEY), cert: readFileSync(TLS_CERT), allowHTTP1: true }, shop)
  : createServer(shop);

server.listen(Number(PORT ?? 3000));
