// The app under load: says which build and process it is. Builds after the first have a fault: a request can make them loop
// for ever. It knows nothing of graylane.

import { createServer } from 'node:http';

const { BUILD, PORT } = process.env;
const body = JSON.stringify({ build: BUILD ?? 'none', pid: process.pid });

createServer((request, response) => {
  if (request.url === '/loop' && BUILD !== 'v1') for (;;);
  response.setHeader('Content-Type', 'application/json');
  response.end(body);
}).listen(Number(PORT ?? 3000));
