// Version 1 of a small shop on Hono's Node server. It replaces the global Request and Response.

import { serve } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import { Hono } from 'hono';
import { stream } from 'hono/streaming';

const items = [{ id: 1, name: 'lamp', price: 30 }, { id: 2, name: 'chair', price: 80 }];
const app = new Hono();

app.get('/', (c) => c.text('hono shop, version 1\n'));
app.get('/items', (c) => {
  c.header('ETag', '"items-1"');
  return c.req.header('if-none-match') === '"items-1"' ? c.body(null, 304) : c.json(items);
});
app.post('/echo', async (c) => c.body(await c.req.arrayBuffer(), 200, { 'Content-Type': c.req.header('content-type') ?? 'application/octet-stream' }));
app.get('/stream', (c) =>
  stream(c, async (out) => {
    for (const line of ['one\n', 'two\n', 'three\n']) await out.write(line);
  }),
);
app.get('/client', (c) => c.json({ address: getConnInfo(c).remote.address, secure: new URL(c.req.url).protocol === 'https:', host: c.req.header('host') }));

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) });
