// The app under load: says which build and process it is; a request can make it loop for ever. It knows nothing of graylane.

import { createServer } from 'node:http';

const { BUILD, PORT } = process.env;
const body = JSON.stringify({ build: BUILD ?? 'none', pid: process.pid });

createServer((request, response) => {
  if (request.url === '/loop') for (;;);
  response.setHeader('Content-Type', 'application/json');
  response.end(body);
}).listen(Number(PORT ?? 3000));
