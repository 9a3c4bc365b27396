// Order and Email alike: says its version, and asks the next one if there is one.

import { createServer } from 'node:http';

const { PORT = '3000', NAME = 'order', VERSION = 'v1.0', NEXT = '' } = process.env;

createServer(async (request, response) => {
  const behind = NEXT === '' ? [] : await (await fetch(NEXT)).json();
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify([`${NAME} ${VERSION}`, ...behind]));
}).listen(Number(PORT), '127.0.0.1');
