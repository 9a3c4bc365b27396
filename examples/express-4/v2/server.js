// Version 2 of a small shop on Express 4.

const express = require('express');
const { Readable } = require('node:stream');

const items = [{ id: 1, name: 'lamp', price: 30, currency: 'EUR' }, { id: 2, name: 'chair', price: 80, currency: 'EUR' }];
const app = express();

app.get('/', (req, res) => res.type('text').send('express 4 shop, version 2\n'));
app.get('/items', (req, res) => res.json(items));
app.post('/echo', (req, res) => {
  res.type(req.get('content-type') ?? 'application/octet-stream');
  req.pipe(res);
});
app.get('/stream', (req, res) => {
  res.type('text');
  Readable.from(['one\n', 'two\n', 'three\n']).pipe(res);
});
app.get('/client', (req, res) => res.json({ address: req.ip, secure: req.secure, host: req.hostname }));

app.listen(Number(process.env.PORT ?? 3000));
