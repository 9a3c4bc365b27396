// Version 2 of a small shop on Fastify. Fastify opens a second server for localhost's other address.

import fastify from 'fastify';
import { Readable } from 'node:stream';

const items = [{ id: 1, name: 'lamp', price: 30, currency: 'EUR' }, { id: 2, name: 'chair', price: 80, currency: 'EUR' }];
const app = fastify();

app.addContentTypeParser('*', (request, payload, done) => done(null, payload));
app.get('/', (request, reply) => reply.type('text/plain').send('fastify shop, version 2\n'));
app.get('/items', (request, reply) => {
  reply.header('etag', '"items-2"');
  return request.headers['if-none-match'] === '"items-2"' ? reply.code(304).send() : items;
});
app.post('/echo', (request, reply) => {
  const type = request.headers['content-type'] ?? 'application/octet-stream';
  if (type !== 'application/json') return reply.type(type).send(request.body ?? '');
  return request.body;
});
app.get('/stream', (request, reply) => reply.type('text/plain').send(Readable.from(['one\n', 'two\n', 'three\n'])));
app.get('/client', (request) => ({ address: request.ip, secure: request.protocol === 'https', host: request.host }));

await app.listen({ port: Number(process.env.PORT ?? 3000), host: 'localhost' });
