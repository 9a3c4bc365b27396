// Version 2 of a small shop on Koa.

const Koa = require('koa');
const { Readable } = require('node:stream');

const items = [{ id: 1, name: 'lamp', price: 30, currency: 'EUR' }, { id: 2, name: 'chair', price: 80, currency: 'EUR' }];
const app = new Koa();

const routes = {
  'GET /': (ctx) => {
    ctx.body = 'koa shop, version 2\n';
  },
  'GET /items': (ctx) => {
    ctx.set('ETag', '"items-2"');
    ctx.status = 200;
    if (ctx.fresh) ctx.status = 304;
    else ctx.body = items;
  },
  'POST /echo': (ctx) => {
    ctx.type = ctx.get('content-type') || 'application/octet-stream';
    ctx.body = ctx.req;
  },
  'GET /stream': (ctx) => {
    ctx.type = 'text/plain';
    ctx.body = Readable.from(['one\n', 'two\n', 'three\n']);
  },
  'GET /client': (ctx) => {
    ctx.body = { address: ctx.ip, secure: ctx.secure, host: ctx.host };
  },
};

app.use((ctx) => {
  const method = ctx.method === 'HEAD' ? 'GET' : ctx.method;
  routes[`${method} ${ctx.path}`]?.(ctx);
});

app.listen(Number(process.env.PORT ?? 3000));
