// The app behind the proxies of the gateway benchmark: answers with BYTES bytes, as cheaply as Node can.

import { createServer } from 'node:http';

const { BYTES = '3', PORT } = process.env;
const body = Buffer.alloc(Number(BYTES), 'x');

createServer((request, response) => {
  request.resume();
  response.setHeader('Content-Length', body.length);
  response.end(body);
}).listen(PORT);
