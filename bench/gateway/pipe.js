// A raw byte pipe in JavaScript: no HTTP at all, one upstream connection per client. What any proxy in Node has to pay.

import { connect, createServer } from 'node:net';

const { PORT, STABLE } = process.env;
createServer((client) => {
  const upstream = connect(STABLE);
  client.on('error', () => upstream.destroy());
  upstream.on('error', () => client.destroy());
  client.pipe(upstream).pipe(client);
}).listen(Number(PORT), '127.0.0.1');
