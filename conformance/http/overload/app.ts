// The slow app of the overload story: answers every request after one second, on the Unix socket that it is given.

import * as http from 'node:http';

const SERVICE_MS = 1_000;
const [, , path] = process.argv;
const server = http.createServer((_req, res) => {
  const timer = setTimeout(() => res.end('done'), SERVICE_MS);
  res.on('close', () => clearTimeout(timer));
});
server.listen(path, () => process.send?.('ready'));
